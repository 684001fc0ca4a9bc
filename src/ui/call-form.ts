import type { Client } from '../lib/kite/call/client.js';
import { isKiteError } from '../lib/protocol/errors.js';
import { Answer } from './answer.js';
import { commandLine, parseArguments } from './form-arguments.js';
import { element, setText } from './dom.js';
import { formatMs, formatValue, truncate } from './format.js';
import { PRINTED_LINES } from './page-limits.js';

export interface CallFormOptions {
  /** Path of the kite, from the username to the name. */
  readonly path: string;
  /** Returns a connected client of the kite. */
  readonly connected: () => Promise<Client>;
  /** Returns the message for an error. */
  readonly explain: (error: unknown) => string;
}

/** The form that calls a method of a kite and shows the result. */
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
  readonly #answer = new Answer();
  readonly #command = element('code');
  readonly #output = element('ul', { class: 'output', 'aria-label': 'Output of the kite', hidden: '' });
  #running: AbortController | undefined;
  #streaming = false;
  #closed = false;

  constructor(options: CallFormOptions) {
    this.#options = options;
    this.element = this.#make();
    this.#listen();
    this.#showCommand();
  }

  /** Sets the method names that the input suggests. */
  suggest(names: readonly string[]): void {
    this.#names.replaceChildren(...names.map((name) => element('option', { value: name })));
  }

  /** Enters the name of a method, and moves the focus to the arguments. */
  choose(name: string): void {
    this.#method.value = name;
    this.#showCommand();
    this.#args.focus();
  }

  /** Shows a line that the kite has printed. */
  print(text: string): void {
    this.#output.hidden = false;
    this.#output.append(element('li', {}, truncate(text)));
    if (this.#output.childElementCount > PRINTED_LINES) this.#output.firstElementChild?.remove();
  }

  /** Cancels a running call. */
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
        'One argument per line: JSON if it parses, else a string. Several lines that form one JSON value are one argument. Numbers are ' +
          'sent and shown as they are written.',
      ),
      element('div', { class: 'buttons' }, this.#call, this.#cancel),
      this.#outcome,
      this.#answer.element,
      this.#output,
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
    this.#cancel.addEventListener('click', () => this.#running?.abort(new Error('Canceled.')));
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
    const elapsed = (): string => formatMs(performance.now() - start);
    try {
      const args = parseArguments(this.#args.value);
      const client = await this.#options.connected();
      const stream = client.callStream(method, args, { signal: running.signal, timeout: 0 });
      let next = await stream.next();
      if (stream.begun) this.#streams(method);
      for (; !next.done; next = await stream.next()) this.#answer.add(next.value);
      const result: unknown = await stream.result;
      this.#end('answered', `${method} ${outcomeOf(stream.begun, this.#answer.count, result, elapsed())}`);
      if (!stream.begun && !this.#closed) this.#answer.show(result);
    } catch (error) {
      if (running.signal.aborted && this.#streaming) {
        this.#end('answered', `${method} stopped after ${elapsed()}: ${countItems(this.#answer.count)}.`);
        return;
      }
      const kind = isKiteError(error) ? [error.type, error.code].filter(Boolean).join(', ') : '';
      const outcome = `${method} failed after ${elapsed()}${kind === '' ? '' : ` (${kind})`}.`;
      this.#end('failed', outcome);
      if (!this.#closed) this.#answer.fail(this.#options.explain(error));
    }
  }

  #streams(method: string): void {
    this.#streaming = true;
    setText(this.#cancel, 'Stop');
    setText(this.#outcome, `${method} streams…`);
  }

  #begin(method: string, running: AbortController): void {
    this.#running = running;
    this.#call.disabled = true;
    this.#cancel.hidden = false;
    this.#streaming = false;
    setText(this.#cancel, 'Cancel');
    this.#answer.clear(method);
    this.#outcome.className = 'outcome';
    setText(this.#outcome, `Calling ${method}…`);
  }

  #end(outcome: 'answered' | 'failed', text: string): void {
    this.#running = undefined;
    if (this.#closed) return;
    this.#call.disabled = false;
    this.#cancel.hidden = true;
    this.#outcome.className = `outcome ${outcome}`;
    setText(this.#outcome, text);
  }
}

/** Describes the end of a call that has succeeded. A stream also has a return value. */
function outcomeOf(streams: boolean, items: number, result: unknown, elapsed: string): string {
  if (!streams) return `answered after ${elapsed}.`;
  const returned =
    result === undefined || result === null ? '' : ` It returned ${truncate(formatValue(result), 200)}`;
  return `ended after ${elapsed}: ${countItems(items)}.${returned}`;
}

function countItems(count: number): string {
  return `${count} ${count === 1 ? 'item' : 'items'}`;
}
