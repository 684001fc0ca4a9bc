import type { Client } from '../lib/kite/call/client.js';
import { isKiteError } from '../lib/protocol/errors.js';
import { commandLine, parseArguments } from './arguments.js';
import { element, setText } from './dom.js';
import { truncate, formatMs, formatValue } from './format.js';
import { PRINTED_LINES } from './page-limits.js';

export interface CallFormOptions {
  /** Of the kite, as far as its name. */
  readonly path: string;
  readonly connected: () => Promise<Client>;
  /** An error in words. */
  readonly explain: (error: unknown) => string;
}

/** Where a method of a kite is called, and its answer is shown. */
export class CallForm {
  readonly element: HTMLFormElement;
  readonly #options: CallFormOptions;
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
  #running: AbortController | undefined;
  #closed = false;

  constructor(options: CallFormOptions) {
    this.#options = options;
    this.element = this.#make();
    this.#listen();
    this.#showCommand();
  }

  /** Names to choose from while one is typed. */
  suggest(names: readonly string[]): void {
    this.#names.replaceChildren(...names.map((name) => element('option', { value: name })));
  }

  /** Puts in the name of a method; the person goes on with its arguments. */
  choose(name: string): void {
    this.#method.value = name;
    this.#showCommand();
    this.#args.focus();
  }

  /** Shows what the kite has to say. */
  print(text: string): void {
    this.#said.hidden = false;
    this.#said.append(element('li', {}, truncate(text)));
    if (this.#said.childElementCount > PRINTED_LINES) this.#said.firstElementChild?.remove();
  }

  /** Gives up a call that runs. */
  close(): void {
    this.#closed = true;
    this.#running?.abort();
  }

  #make(): HTMLFormElement {
    return element(
      'form',
      { class: 'call', 'aria-labelledby': 'call-heading' },
      element('h3', { id: 'call-heading' }, 'Call'),
      element('label', { for: 'method' }, 'Method'),
      this.#method,
      this.#names,
      element('label', { for: 'arguments' }, 'Arguments'),
      this.#args,
      element(
        'p',
        { id: 'arguments-note', class: 'note' },
        'One argument per line: JSON if it parses, else a string. Several lines that form one JSON value are one argument.',
      ),
      element('div', { class: 'buttons' }, this.#call, this.#cancel),
      this.#outcome,
      this.#answer,
      this.#said,
      element('p', { class: 'note' }, 'On the command line:'),
      element('pre', { class: 'command' }, this.#command),
    );
  }

  #listen(): void {
    this.element.addEventListener('input', () => this.#showCommand());
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#run();
    });
    this.#cancel.addEventListener('click', () => this.#running?.abort(new Error('You have cancelled it.')));
    this.#args.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.element.requestSubmit();
    });
  }

  #showCommand(): void {
    const method = this.#method.value.trim() || 'METHOD';
    setText(this.#command, commandLine(method, this.#args.value, this.#options.path));
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    const running = new AbortController();
    const method = this.#method.value.trim();
    this.#begin(method, running);
    const start = performance.now();
    const after = (): string => formatMs(performance.now() - start);
    try {
      const args = parseArguments(this.#args.value);
      const client = await this.#options.connected();
      const result: unknown = await client.call(method, args, { signal: running.signal, timeout: 0 });
      this.#end('answered', `${method} answered after ${after()}.`, formatValue(result));
    } catch (error) {
      const kind = isKiteError(error) ? [error.type, error.code].filter(Boolean).join(', ') : '';
      const outcome = `${method} failed after ${after()}${kind === '' ? '' : ` (${kind})`}.`;
      this.#end('failed', outcome, this.#options.explain(error));
    }
  }

  #begin(method: string, running: AbortController): void {
    this.#running = running;
    this.#call.disabled = true;
    this.#cancel.hidden = false;
    this.#answer.hidden = true;
    this.#outcome.className = 'outcome';
    setText(this.#outcome, `Calling ${method}…`);
  }

  #end(outcome: 'answered' | 'failed', text: string, answer: string): void {
    this.#running = undefined;
    if (this.#closed) return;
    this.#call.disabled = false;
    this.#cancel.hidden = true;
    this.#outcome.className = `outcome ${outcome}`;
    setText(this.#outcome, text);
    this.#answer.hidden = false;
    setText(this.#answer, truncate(answer));
  }
}
