import type { Output } from '../runtime/command-runtime.js';

/** What becomes of a promise in the window. */
export interface OutputEntry {
  /** What is printed, with its newline. */
  readonly text: string;
  /** Nothing is printed after it, for this reason. */
  readonly failure?: unknown;
}

export interface OutputWindowOptions {
  /** Most promises that wait at once. */
  readonly size: number;
  /** Whether texts are printed in the order of adding, rather than in the order in which they come. */
  readonly ordered: boolean;
  readonly output: Output;
  /** Called when it is known that nothing more will be printed. */
  readonly onFailure: () => void;
}

/** Prints the texts of promises, each as soon as it may be, and lets no more than so many wait at once. */
export class OutputWindow {
  readonly #options: OutputWindowOptions;
  readonly #slots: (OutputEntry | undefined)[] = [];
  /** How many slots have left the window: the place of a slot in the queue is its number less this. */
  #left = 0;
  #added = 0;
  /** Promises of a window without order that have not settled. */
  #pending = 0;
  #text = '';
  #failure: { readonly error: unknown } | undefined;
  #flushing = false;
  #blocked = false;
  #wake: (() => void) | undefined;

  constructor(options: OutputWindowOptions) {
    this.#options = options;
  }

  /** Takes a promise in, and resolves when there is room for the next. Rejects once one has failed whose turn it was. */
  async add(printed: Promise<OutputEntry>): Promise<void> {
    const number = this.#added++;
    if (this.#options.ordered) this.#slots.push(undefined);
    this.#pending++;
    printed.then(
      (slot) => this.#settle(number, slot),
      (failure: unknown) => this.#settle(number, { text: '', failure }),
    );
    const { size, ordered } = this.#options;
    await this.#until(() => (ordered ? this.#slots.length : this.#pending) < size && !this.#blocked);
  }

  /** Resolves when everything is printed. Rejects with the first failure. */
  async finish(): Promise<void> {
    await this.#until(() => this.#pending === 0 && this.#text === '' && !this.#blocked);
  }

  /** Fails with an error of its own, unless it has failed already. */
  fail(error: unknown): void {
    if (this.#failure) return;
    this.#failure = { error };
    this.#print();
    this.#wake?.();
    this.#options.onFailure();
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

  #settle(number: number, slot: OutputEntry): void {
    this.#pending--;
    if (this.#failure) return;
    if (!this.#options.ordered) {
      this.#take(slot);
      return;
    }
    this.#slots[number - this.#left] = slot;
    if (number === this.#left) this.#takeFromFront();
  }

  #takeFromFront(): void {
    let count = 0;
    for (const slot of this.#slots) {
      if (slot === undefined || this.#failure) break;
      this.#take(slot);
      count++;
    }
    this.#slots.splice(0, count);
    this.#left += count;
  }

  #take({ text, failure }: OutputEntry): void {
    this.#text += text;
    if (failure !== undefined) this.fail(failure);
    if (this.#flushing) return;
    // What comes in one turn is printed as one text: a write for each would cost more than the call.
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#print();
      this.#wake?.();
    });
  }

  #print(): void {
    const text = this.#text;
    this.#text = '';
    if (text !== '' && !this.#options.output.write(text)) this.#waitForReader();
  }

  #waitForReader(): void {
    if (this.#blocked) return;
    this.#blocked = true;
    const { output } = this.#options;
    const goOn = (): void => {
      output.off('drain', goOn);
      output.off('close', goOn);
      this.#blocked = false;
      this.#wake?.();
    };
    output.on('drain', goOn);
    output.on('close', goOn);
  }
}
