/**
 * What a callback of the peer returns: a promise that does not have to be read. The answer is requested with the call of the
 * callback if it is the first call of this callback, if an answer of it was read before, or if an answer is read in the same turn
 * of the event loop. An answer that is not read never ends the process with an unhandled rejection.
 *
 * Reading an answer that was not requested rejects with the code `answerNotRequested`. A peer that does not speak the extension
 * `callbackResults` does not answer: the promise resolves with undefined as soon as the call is sent.
 */
export class CallbackAnswer<Result = unknown> implements Promise<Result> {
  /** Called when the program reads the answer. */
  onRead: (() => void) | undefined;
  #promise: Promise<Result> | undefined;
  #resolve: ((value: never) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;

  /** @internal `promise`: the answer, if it is known. */
  constructor(promise?: Promise<Result>) {
    this.#promise = promise;
  }

  get [Symbol.toStringTag](): string {
    return 'CallbackAnswer';
  }

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
    this.onRead?.();
    return (this.#promise ??= new Promise((resolve, reject) => {
      this.#resolve = resolve as (value: never) => void;
      this.#reject = reject;
    }));
  }

  /** @internal */
  resolve(value: unknown): void {
    if (this.#resolve) this.#resolve(value as never);
    else this.#promise ??= Promise.resolve(value as Result);
  }

  /** @internal */
  reject(error: unknown): void {
    if (this.#reject) this.#reject(error);
    else if (!this.#promise) {
      this.#promise = Promise.reject(error);
      // Only those who read the answer handle its error.
      this.#promise.catch(() => undefined);
    }
  }
}
