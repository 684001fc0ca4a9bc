import type { Client } from '../lib/kite/call/client.js';
import { isKiteError } from '../lib/protocol/errors.js';
import { kitePath } from '../lib/protocol/identity.js';
import { messageOf } from '../lib/util/message-of.js';
import { CallForm } from './call-form.js';
import { element, setText } from './dom.js';
import { truncate, formatValue } from './format.js';
import { type MethodInfo, readMethods } from './methods.js';
import type { PingState } from './pinger.js';
import type { Row } from './kite-rows.js';
import { showPing } from './table.js';

export interface DetailOptions {
  readonly panel: HTMLElement;
  readonly row: Row;
  /** Whether this user may call the kite. */
  readonly callable: boolean;
  /** Returns a client of the kite, which is not connected yet. */
  readonly client: () => Client;
  /** Link of the close button. */
  readonly back: string;
  /** A likely reason if the connection fails. */
  readonly hint: string | undefined;
}

/** The panel that shows one kite, and calls its methods. */
export class Detail {
  readonly row: Row;
  readonly #options: DetailOptions;
  readonly #latency = element('span', {}, '…');
  readonly #methods = element('ul', { class: 'methods' });
  readonly #methodsNote = element('p', { class: 'note', role: 'status' }, 'Loading methods…');
  readonly #goneNotice = element('p', { class: 'notice error', role: 'alert', hidden: '' });
  readonly #form: CallForm | undefined;
  #client: Client | undefined;
  #closed = false;

  constructor(options: DetailOptions) {
    this.#options = options;
    this.row = options.row;
    const { panel, callable } = options;
    const { username, environment, name } = options.row.kite;
    this.#form = callable
      ? new CallForm({
          path: `/${username}/${environment}/${name}`,
          connected: () => this.#connected(),
          explain: (error) => this.#explain(error),
        })
      : undefined;
    panel.replaceChildren(...this.#content());
    panel.hidden = false;
    if (this.#form) void this.#describe(this.#form);
    else setText(this.#methodsNote, 'You can see this kite, but not call it.');
  }

  showPing(ping: PingState): void {
    showPing(this.#latency, ping);
    if (ping.type === 'failed') setText(this.#latency, `no response: ${this.#withHint(ping.problem)}`);
  }

  /** Shows whether the kite is still registered, and connected to Kontrol. */
  showPresence(row: Row | undefined): void {
    const isSilent = row?.silentSince !== undefined;
    const silence = isSilent ? 'The connection of this kite to Kontrol has dropped.' : '';
    this.#goneNotice.hidden = row !== undefined && !isSilent;
    setText(this.#goneNotice, row ? silence : 'This kite is no longer registered.');
  }

  /** Whether a peer is this kite. */
  isFrom(peer: unknown): boolean {
    return this.#client?.isConnectedTo(peer) === true;
  }

  /** Shows a line that the kite has printed. */
  print(text: string): void {
    this.#form?.print(text);
  }

  close(): void {
    this.#closed = true;
    this.#form?.close();
    this.#client?.close();
    this.#options.panel.hidden = true;
    this.#options.panel.replaceChildren();
  }

  #content(): HTMLElement[] {
    const { kite, url, registeredAt } = this.row;
    const { back } = this.#options;
    const close = { class: 'button', href: back, 'aria-keyshortcuts': 'Escape' };
    return [
      element(
        'div',
        { class: 'heading' },
        element('h2', { id: 'detail-heading' }, kite.name),
        element('a', close, 'Close'),
      ),
      this.#goneNotice,
      element(
        'dl',
        {},
        ...term('Path', element('code', {}, kitePath(kite))),
        ...term('URL', element('code', {}, url)),
        ...term('User', kite.username),
        ...term('Environment', kite.environment),
        ...term('Version', kite.version),
        ...term('Region', kite.region),
        ...term('Host', kite.hostname),
        ...term('Since', registeredAt === undefined ? 'unknown' : new Date(registeredAt).toLocaleString()),
        ...term('Latency', this.#latency),
      ),
      element(
        'section',
        { 'aria-labelledby': 'methods-heading' },
        element('h3', { id: 'methods-heading' }, 'Methods'),
        this.#methodsNote,
        this.#methods,
      ),
      ...(this.#form ? [this.#form.element] : []),
    ];
  }

  async #connected(): Promise<Client> {
    if (this.#client === undefined || this.#client.closed) this.#client = this.#options.client();
    await this.#client.dial();
    return this.#client;
  }

  async #describe(form: CallForm): Promise<void> {
    try {
      const client = await this.#connected();
      const methods = readMethods(await client.call('kite.describe', [], { timeout: 5000 }));
      if (this.#closed) return;
      setText(this.#methodsNote, methods.length === 0 ? 'This kite has no methods.' : '');
      this.#methodsNote.hidden = methods.length > 0;
      this.#methods.replaceChildren(...methodItems(methods, (name) => form.choose(name)));
      form.suggest(methods.map(({ name }) => name));
    } catch (error) {
      setText(
        this.#methodsNote,
        isKiteError(error, 'methodNotFound')
          ? 'This kite does not list its methods. Enter the name of a method to call it.'
          : `Cannot load the methods: ${this.#explain(error)}`,
      );
    }
  }

  #explain(error: unknown): string {
    const message = messageOf(error);
    return isKiteError(error, 'disconnect') ? this.#withHint(message) : message;
  }

  #withHint(problem: string): string {
    const { hint } = this.#options;
    return hint === undefined ? problem : `${problem}. ${hint}`;
  }
}

function term(label: string, content: string | Node): HTMLElement[] {
  return [element('dt', {}, label), element('dd', {}, content)];
}

/** Lists the methods of this kite first, and folds those of every kite. */
function methodItems(methods: readonly MethodInfo[], choose: (name: string) => void): HTMLElement[] {
  const items = (list: readonly MethodInfo[]): HTMLElement[] =>
    list.map((method) => methodItem(method, choose));
  const own = methods.filter(({ name }) => !name.startsWith('kite.'));
  const others = methods.filter((method) => !own.includes(method));
  if (own.length === 0 || others.length === 0) return items(methods);
  const folded = element(
    'details',
    {},
    element('summary', {}, 'Methods of every kite'),
    element('ul', { class: 'methods' }, ...items(others)),
  );
  return [...items(own), element('li', { class: 'default' }, folded)];
}

function methodItem({ name, description, schema }: MethodInfo, choose: (name: string) => void): HTMLElement {
  const button = element('button', { type: 'button', class: 'method' }, name);
  button.addEventListener('click', () => choose(name));
  const hidden = element('span', { class: 'hidden-text' }, ` of ${name}`);
  return element(
    'li',
    {},
    button,
    description === '' ? undefined : element('span', { class: 'note' }, description),
    schema === undefined
      ? undefined
      : element(
          'details',
          {},
          element('summary', {}, 'Arguments', hidden),
          element('pre', {}, truncate(formatValue(schema))),
        ),
  );
}
