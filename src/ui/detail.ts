import type { Client } from '../lib/kite/client.js';
import { isKiteError } from '../lib/protocol/errors.js';
import { kitePath } from '../lib/protocol/identity.js';
import { commandLine, parseArguments } from './arguments.js';
import { element, setText } from './dom.js';
import { formatMs, formatValue } from './format.js';
import { type MethodInfo, readMethods } from './methods.js';
import type { Pinged } from './pinger.js';
import type { Row } from './rows.js';
import { showPinged } from './table.js';

export interface DetailOptions {
  readonly panel: HTMLElement;
  readonly row: Row;
  /** Whether this user may call it. */
  readonly callable: boolean;
  /** A client of it, not connected yet. */
  readonly client: () => Client;
  /** Where closing it leads. */
  readonly back: string;
  /** What a failed connection may be about, beside what its error says. */
  readonly hint: string | undefined;
}

// A list that nobody reads to its end, and a text that no page shows well.
const MOST_LINES = 200;
const MOST_SHOWN = 200_000;

/** What the page tells of one kite, and where its methods are called. */
export class Detail {
  readonly row: Row;
  readonly #options: DetailOptions;
  readonly #latency = element('span', {}, '…');
  readonly #methods = element('ul', { class: 'methods' });
  readonly #methodsNote = element('p', { class: 'note', role: 'status' }, 'Asking for its methods…');
  readonly #names = element('datalist', { id: 'method-names' });
  readonly #method = element('input', {
    id: 'method',
    list: 'method-names',
    required: '',
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
  });
  readonly #args = element('textarea', {
    id: 'arguments',
    rows: '3',
    spellcheck: 'false',
    autocapitalize: 'off',
    'aria-describedby': 'arguments-note',
  });
  readonly #call = element('button', { type: 'submit', class: 'primary' }, 'Call');
  readonly #cancel = element('button', { type: 'button', hidden: '' }, 'Cancel');
  readonly #outcome = element('p', { class: 'outcome', role: 'status' });
  readonly #answer = element('pre', { class: 'answer', tabindex: '0', 'aria-label': 'Answer', hidden: '' });
  readonly #command = element('code');
  readonly #said = element('ul', { class: 'said', 'aria-label': 'What the kite says', hidden: '' });
  readonly #gone = element('p', { class: 'notice trouble', role: 'alert', hidden: '' });
  #client: Client | undefined;
  #running: AbortController | undefined;
  #closed = false;

  constructor(options: DetailOptions) {
    this.#options = options;
    this.row = options.row;
    const { panel, callable } = options;
    panel.replaceChildren(...this.#content());
    panel.hidden = false;
    if (callable) void this.#describe();
    else setText(this.#methodsNote, 'Kontrol lets you see this kite, and not call it.');
  }

  get latency(): HTMLElement {
    return this.#latency;
  }

  pinged(pinged: Pinged): void {
    showPinged(this.#latency, pinged);
    if (pinged.type === 'failed') {
      const { hint } = this.#options;
      setText(this.#latency, `no answer: ${pinged.problem}${hint === undefined ? '' : `. ${hint}`}`);
    }
  }

  /** The kite is not registered any more. */
  leave(): void {
    this.#gone.hidden = false;
    setText(this.#gone, 'This kite is not registered any more.');
  }

  /** Whether a call came from this kite. */
  isFrom(peer: unknown): boolean {
    return this.#client?.isConnectedTo(peer) === true;
  }

  /** Shows what the kite has to say. */
  say(text: string): void {
    this.#said.hidden = false;
    this.#said.append(element('li', {}, cut(text)));
    if (this.#said.childElementCount > MOST_LINES) this.#said.firstElementChild?.remove();
  }

  close(): void {
    this.#closed = true;
    this.#running?.abort();
    this.#client?.close();
    this.#options.panel.hidden = true;
    this.#options.panel.replaceChildren();
  }

  #content(): HTMLElement[] {
    const { kite, url, registeredAt } = this.row;
    const { callable, back } = this.#options;
    return [
      element(
        'div',
        { class: 'heading' },
        element('h2', { id: 'detail-heading' }, kite.name),
        element(
          'a',
          { id: 'close-detail', class: 'button', href: back, 'aria-keyshortcuts': 'Escape' },
          'Close',
        ),
      ),
      this.#gone,
      element(
        'dl',
        {},
        ...term('Path', element('code', { class: 'path' }, kitePath(kite))),
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
      ...(callable ? [this.#form()] : []),
    ];
  }

  #form(): HTMLElement {
    const form = element(
      'form',
      { class: 'call' },
      element('h3', { id: 'call-heading' }, 'Call'),
      element('label', { for: 'method' }, 'Method'),
      this.#method,
      this.#names,
      element('label', { for: 'arguments' }, 'Arguments'),
      this.#args,
      element(
        'p',
        { id: 'arguments-note', class: 'note' },
        'One a line: JSON where it parses, else text. Several lines that are one JSON value together are one argument.',
      ),
      element('div', { class: 'buttons' }, this.#call, this.#cancel),
      this.#outcome,
      this.#answer,
      this.#said,
      element('p', { class: 'note' }, 'On the command line:'),
      element('pre', { class: 'command' }, this.#command),
    );
    this.#showCommand();
    form.addEventListener('input', () => this.#showCommand());
    form.setAttribute('aria-labelledby', 'call-heading');
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#run();
    });
    this.#cancel.addEventListener('click', () => this.#running?.abort(new Error('You have cancelled it.')));
    this.#args.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    return form;
  }

  #showCommand(): void {
    const { username, environment, name } = this.row.kite;
    const method = this.#method.value.trim() || 'METHOD';
    setText(this.#command, commandLine(method, this.#args.value, `/${username}/${environment}/${name}`));
  }

  async #connected(): Promise<Client> {
    if (this.#client === undefined || this.#client.closed) this.#client = this.#options.client();
    await this.#client.dial();
    return this.#client;
  }

  async #describe(): Promise<void> {
    try {
      const client = await this.#connected();
      const methods = readMethods(await client.call('kite.describe', [], { timeout: 5000 }));
      if (this.#closed) return;
      setText(this.#methodsNote, methods.length === 0 ? 'It has none.' : '');
      this.#methodsNote.hidden = methods.length > 0;
      this.#methods.replaceChildren(...this.#methodItems(methods));
      this.#names.replaceChildren(...methods.map(({ name }) => element('option', { value: name })));
    } catch (error) {
      const unknown = isKiteError(error, 'methodNotFound');
      setText(
        this.#methodsNote,
        unknown
          ? 'This kite does not tell its methods. You can call those that you know.'
          : `They cannot be had: ${messageOf(error)}${this.#hintFor(error)}`,
      );
    }
  }

  /** What this kite is for comes first; what every kite answers is out of the way. */
  #methodItems(methods: readonly MethodInfo[]): HTMLElement[] {
    const own = methods.filter(({ name }) => !name.startsWith('kite.'));
    const others = methods.filter((method) => !own.includes(method));
    if (own.length === 0 || others.length === 0) return methods.map((method) => this.#methodItem(method));
    const items = others.map((method) => this.#methodItem(method));
    const folded = element(
      'details',
      {},
      element('summary', {}, 'What every kite answers'),
      element('ul', { class: 'methods' }, ...items),
    );
    return [...own.map((method) => this.#methodItem(method)), element('li', { class: 'default' }, folded)];
  }

  #methodItem({ name, description, schema }: MethodInfo): HTMLElement {
    const choose = element('button', { type: 'button', class: 'method' }, name);
    choose.addEventListener('click', () => {
      this.#method.value = name;
      this.#showCommand();
      this.#args.focus();
    });
    const details =
      schema === undefined
        ? undefined
        : element(
            'details',
            {},
            element('summary', {}, 'Arguments', element('span', { class: 'hidden-text' }, ` of ${name}`)),
            element('pre', {}, cut(formatValue(schema))),
          );
    return element(
      'li',
      {},
      choose,
      description === '' ? undefined : element('span', { class: 'note' }, description),
      details,
    );
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    const running = new AbortController();
    this.#running = running;
    const method = this.#method.value.trim();
    this.#call.disabled = true;
    this.#cancel.hidden = false;
    this.#answer.hidden = true;
    this.#outcome.className = 'outcome';
    setText(this.#outcome, `Calling ${method}…`);
    const start = performance.now();
    try {
      const args = parseArguments(this.#args.value);
      const client = await this.#connected();
      const result: unknown = await client.call(method, args, { signal: running.signal, timeout: 0 });
      this.#ended(
        'answered',
        `${method} answered after ${formatMs(performance.now() - start)}.`,
        formatValue(result),
      );
    } catch (error) {
      const after = formatMs(performance.now() - start);
      const { type, code } = isKiteError(error) ? error : { type: '', code: '' };
      const kind = [type, code].filter(Boolean).join(', ');
      const said = `${messageOf(error)}${this.#hintFor(error)}`;
      this.#ended('failed', `${method} failed after ${after}${kind === '' ? '' : ` (${kind})`}.`, said);
    } finally {
      this.#running = undefined;
      this.#call.disabled = false;
      this.#cancel.hidden = true;
    }
  }

  #ended(outcome: 'answered' | 'failed', text: string, answer: string): void {
    if (this.#closed) return;
    this.#outcome.className = `outcome ${outcome}`;
    setText(this.#outcome, text);
    this.#answer.hidden = false;
    setText(this.#answer, cut(answer));
  }

  #hintFor(error: unknown): string {
    const { hint } = this.#options;
    return hint !== undefined && isKiteError(error, 'disconnect') ? `. ${hint}` : '';
  }
}

function term(label: string, content: string | Node): HTMLElement[] {
  return [element('dt', {}, label), element('dd', {}, content)];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function cut(text: string): string {
  return text.length <= MOST_SHOWN
    ? text
    : `${text.slice(0, MOST_SHOWN)}\n… ${text.length - MOST_SHOWN} more characters`;
}
