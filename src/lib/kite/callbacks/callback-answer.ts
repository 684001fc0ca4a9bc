/**
 * What a callback of the peer returns: a promise that does not have to be read. The answer is requested with the call of the
 * callback if it is the first call of this callback, if an answer of it was read before, or if an answer is read in the same turn
 * of the event loop. An answer that is not read never ends the process with an unhandled rejection.
 *
 * Reading an answer that was not requested rejects with the code `answerNotRequested`. A peer that does not speak the extension
 * `callbackResults` does not answer: the promise resolves with undefined as soon as the call is sent.
 */
export class CallbackAnswer<Result = unknown> implements Promise<Result> {
  /** @internal Learns that the program reads the answer. */
  reader: AnswerReader | undefined;
  #promise: Promise<Result> | undefined;
  #settle: Settle | undefined;

  /** @internal `promise`: the answer, if it is known. */
  constructor(reader: AnswerReader | undefined, promise?: Promise<Result>) {
    this.reader = reader;
    this.#promise = promise;
  }

  get [Symbol.toStringTag](): string {
    return 'CallbackAnswer';
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise
  then<Value = Result, Other = never>(
    fulfilled?: ((value: Result) => Value | PromiseLike<Value>) | null,
    rejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null,
  ): Promise<Value | Other> {
    return this.#read().then(fulfilled, rejected);
  }

  catch<Other = never>(
    rejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null,
  ): Promise<Result | Other> {
    return this.#read().catch(rejected);
  }

  finally(settled?: (() => void) | null): Promise<Result> {
    return this.#read().finally(settled);
  }

  #read(): Promise<Result> {
    this.reader?.answerRead(this);
    return (this.#promise ??= new Promise((resolve, reject) => {
      this.#settle = { resolve: (value) => resolve(value as Result), reject };
    }));
  }

  /** @internal */
  resolve(value: unknown): void {
    if (this.#settle) this.#settle.resolve(value);
    else this.#promise ??= Promise.resolve(value as Result);
  }

  /** @internal */
  reject(error: unknown): void {
    if (this.#settle) this.#settle.reject(error);
    else this.#promise ??= rejection(error);
  }
}

/** What has made the call that is answered. */
export interface AnswerReader {
  answerRead(answer: CallbackAnswer): void;
}

interface Settle {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A promise that has rejected. Only those who read it handle the error. */
function rejection(reason: unknown): Promise<never> {
  const promise = Promise.reject(reason);
  promise.catch(() => undefined);
  return promise;
}
