import { element, setText } from './dom.js';
import { CollectedBytes } from './collected-bytes.js';
import { formatValue, truncate } from './format.js';
import { PRINTED_LENGTH, PRINTED_LINES } from './page-limits.js';

/** Shows the result of a call, or the items of a stream as they come: the last of them, and their number. */
export class Answer {
  readonly element: HTMLElement;
  /** Number of items of the stream. */
  count = 0;
  readonly #text = element('pre', { class: 'answer', tabindex: '0', 'aria-label': 'Answer' });
  readonly #download = element('button', { type: 'button' }, 'Download');
  readonly #buttons = element('div', { class: 'buttons', hidden: '' }, this.#download);
  /** Items that are not shown yet. */
  #pending: string[] = [];
  #scheduled = false;
  #bytes = new CollectedBytes();
  #name = '';

  constructor() {
    this.element = element('div', { class: 'answer-panel', hidden: '' }, this.#text, this.#buttons);
    this.#download.addEventListener('click', () => this.#save());
  }

  /** Removes what is shown, for a call of `method`. */
  clear(method: string): void {
    this.count = 0;
    this.#pending = [];
    this.#bytes = new CollectedBytes();
    this.#name = method;
    this.#text.replaceChildren();
    this.element.hidden = true;
    this.#buttons.hidden = true;
  }

  /** Shows a result. */
  show(value: unknown): void {
    this.element.hidden = false;
    this.#collect(value);
    setText(this.#text, truncate(formatValue(value)));
  }

  /** Shows an item after those before it. Many that arrive together are shown once per frame. */
  add(item: unknown): void {
    this.count++;
    this.#collect(item);
    this.#append(truncate(formatValue(item), PRINTED_LENGTH / PRINTED_LINES));
  }

  /** Shows an error, after the items. */
  fail(message: string): void {
    if (this.count > 0) {
      this.#append(message);
      return;
    }
    this.element.hidden = false;
    setText(this.#text, truncate(message));
  }

  #append(text: string): void {
    this.#pending.push(text);
    if (this.#pending.length > PRINTED_LINES) this.#pending.shift();
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      if (this.#pending.length === 0) return;
      const atEnd = this.#text.scrollTop + this.#text.clientHeight >= this.#text.scrollHeight - 4;
      this.element.hidden = false;
      this.#text.append(...this.#pending.splice(0).map((line) => element('div', {}, line)));
      while (this.#text.childElementCount > PRINTED_LINES) this.#text.firstElementChild?.remove();
      if (atEnd) this.#text.scrollTop = this.#text.scrollHeight;
    });
  }

  #collect(value: unknown): void {
    if (!(value instanceof Uint8Array)) return;
    this.#bytes.add(value);
    this.#buttons.hidden = this.#bytes.parts === undefined;
  }

  #save(): void {
    const { parts } = this.#bytes;
    if (!parts) return;
    const href = URL.createObjectURL(new Blob([...parts], { type: 'application/octet-stream' }));
    element('a', { href, download: `${this.#name}.bin` }).click();
    URL.revokeObjectURL(href);
  }
}
