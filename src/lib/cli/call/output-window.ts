import type { Output } from '../runtime/command-runtime.js';

/** The result of a promise in the window. */
export interface OutputEntry {
  /** Text to print, including the final newline. */
  readonly text: string;
  /** If set, this is the last entry to print, and the window fails with this reason. */
  readonly failure?: unknown;
}

/** What the work of an entry prints before its promise settles. */
export interface EntryOutput {
  /** Resolves when everything before this entry has been printed; without order, at once. */
  turn(): Promise<void>;
  /** Prints a part of the entry in its turn, and resolves when the output can take more. Rejects if the window has failed. */
  print(text: string): Promise<void>;
}

export interface OutputWindowOptions {
  /** Maximum number of pending promises. */
  readonly size: number;
  /** Whether to print in the order of `add`, instead of in the order in which the promises settle. */
  readonly ordered: boolean;
  readonly output: Output;
  /** Called when the window fails. */
  readonly onFailure: () => void;
}

/** Prints the results of promises as they settle, and limits the number of pending promises. */
export class OutputWindow {
  readonly #options: OutputWindowOptions;
  readonly #slots: (OutputEntry | undefined)[] = [];
  /** Number of slots that have been removed. The index of a slot is its number minus this. */
  #removed = 0;
  #added = 0;
  /** Number of promises that have not settled. */
  #pending = 0;
  #text = '';
  #failure: { readonly error: unknown } | undefined;
  #flushing = false;
  #blocked = false;
  readonly #waiting = new Set<() => void>();
  /** The entries that wait for their turn, by their number. */
  readonly #turns = new Map<number, () => void>();

  constructor(options: OutputWindowOptions) {
    this.#options = options;
  }

  /** Starts an entry, and resolves when the window can take the next. Rejects if the window has failed. */
  async add(start: (output: EntryOutput) => Promise<OutputEntry>): Promise<void> {
    const number = this.#added++;
    if (this.#options.ordered) this.#slots.push(undefined);
    this.#pending++;
    start({ turn: () => this.#turn(number), print: (text) => this.#printPart(text) }).then(
      (slot) => this.#settle(number, slot),
      (failure: unknown) => this.#settle(number, { text: '', failure }),
    );
    const { size, ordered } = this.#options;
    await this.#until(() => (ordered ? this.#slots.length : this.#pending) < size && !this.#blocked);
  }

  /** Resolves when all results have been printed. Rejects with the first failure. */
  async finish(): Promise<void> {
    await this.#until(() => this.#pending === 0 && this.#text === '' && !this.#blocked);
  }

  /** Makes the window fail, unless it has already failed. */
  fail(error: unknown): void {
    if (this.#failure) return;
    this.#failure = { error };
    this.#print();
    this.#wake();
    for (const begin of this.#turns.values()) begin();
    this.#options.onFailure();
  }

  /** @throws the first failure, if there is one */
  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error;
  }

  async #until(condition: () => boolean): Promise<void> {
    for (;;) {
      this.throwIfFailed();
      if (condition()) return;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  async #turn(number: number): Promise<void> {
    if (!this.#options.ordered || this.#removed >= number || this.#failure) return;
    await new Promise<void>((resolve) => this.#turns.set(number, resolve));
    this.#turns.delete(number);
  }

  async #printPart(text: string): Promise<void> {
    this.throwIfFailed();
    this.#append({ text });
    // What was appended is printed in a microtask.
    await Promise.resolve();
    if (this.#blocked) await this.#until(() => !this.#blocked);
  }

  #settle(number: number, slot: OutputEntry): void {
    this.#pending--;
    if (this.#failure) return;
    if (!this.#options.ordered) {
      this.#append(slot);
      return;
    }
    this.#slots[number - this.#removed] = slot;
    if (number === this.#removed) this.#printFromFront();
  }

  #printFromFront(): void {
    let count = 0;
    for (const slot of this.#slots) {
      if (slot === undefined || this.#failure) break;
      this.#append(slot);
      count++;
    }
    this.#slots.splice(0, count);
    this.#removed += count;
    this.#turns.get(this.#removed)?.();
  }

  #append({ text, failure }: OutputEntry): void {
    this.#text += text;
    if (failure !== undefined) this.fail(failure);
    if (this.#flushing) return;
    // Results of the same turn are written together: a write per result would cost more than the call.
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#print();
      this.#wake();
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
    const resume = (): void => {
      output.off('drain', resume);
      output.off('close', resume);
      this.#blocked = false;
      this.#wake();
    };
    output.on('drain', resume);
    output.on('close', resume);
  }
}
