import type { Output } from './surroundings.js';

type Slot = { readonly text: string } | { readonly error: unknown } | undefined;

/**
 * Prints the texts of promises in the order in which they were added, each as soon as those before it are printed, and
 * lets no more than `size` wait at once.
 */
export class OrderedWindow {
  readonly #size: number;
  readonly #output: Output;
  readonly #onFailure: () => void;
  #slots: Slot[] = [];
  /** How many slots have left the window: the place of a slot in the queue is its number less this. */
  #left = 0;
  #added = 0;
  #failure: { readonly error: unknown } | undefined;
  #blocked = false;
  #wake: (() => void) | undefined;

  /** `onFailure` is called when it is known that nothing more will be printed. */
  constructor(size: number, output: Output, onFailure: () => void) {
    this.#size = size;
    this.#output = output;
    this.#onFailure = onFailure;
  }

  /** Takes a promise in, and resolves when there is room for the next. Rejects once one before it has failed. */
  async add(text: Promise<string>): Promise<void> {
    const number = this.#added++;
    this.#slots.push(undefined);
    text.then(
      (value) => this.#settle(number, { text: value }),
      (error: unknown) => this.#settle(number, { error }),
    );
    await this.#until(() => this.#slots.length < this.#size && !this.#blocked);
  }

  /** Resolves when everything is printed. Rejects with the first failure, in the order of adding. */
  async finish(): Promise<void> {
    await this.#until(() => this.#slots.length === 0 && !this.#blocked);
  }

  /** Fails with an error of its own, unless it has failed already. */
  fail(error: unknown): void {
    if (this.#failure) return;
    this.#failure = { error };
    this.#wake?.();
    this.#onFailure();
  }

  /** @throws the first failure, if there is one. */
  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error;
  }

  async #until(condition: () => boolean): Promise<void> {
    for (;;) {
      this.throwIfFailed();
      if (condition()) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #settle(number: number, slot: NonNullable<Slot>): void {
    this.#slots[number - this.#left] = slot;
    if (number === this.#left) this.#print();
  }

  /** Prints from the front what is ready, as one text: a write for each would cost more than the call. */
  #print(): void {
    if (this.#failure) return;
    let count = 0;
    let text = '';
    let failed: { readonly error: unknown } | undefined;
    for (const slot of this.#slots) {
      if (slot === undefined) break;
      if ('error' in slot) {
        failed = slot;
        break;
      }
      text += slot.text;
      count++;
    }
    this.#slots.splice(0, count);
    this.#left += count;
    if (text !== '' && !this.#output.write(text)) this.#waitForReader();
    if (failed) this.fail(failed.error);
    else this.#wake?.();
  }

  #waitForReader(): void {
    if (this.#blocked) return;
    this.#blocked = true;
    const goOn = (): void => {
      this.#output.off('drain', goOn);
      this.#output.off('close', goOn);
      this.#blocked = false;
      this.#wake?.();
    };
    this.#output.on('drain', goOn);
    this.#output.on('close', goOn);
  }
}
