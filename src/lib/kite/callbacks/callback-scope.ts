/** The call of the peer whose arguments contain functions. */
export class CallbackScope {
  readonly method: string;
  /** Whether the call has been answered, or canceled. */
  ended = false;
  /** Whether its caller has given up. */
  canceled = false;
  /** The request of the call. */
  request: { readonly timeLeft: number | undefined } | undefined;
  #waiting: Set<(reason: unknown) => void> | undefined;

  constructor(method: string) {
    this.method = method;
  }

  /** Calls `reject` if the caller gives up. */
  add(reject: (reason: unknown) => void): void {
    (this.#waiting ??= new Set()).add(reject);
  }

  delete(reject: (reason: unknown) => void): void {
    this.#waiting?.delete(reject);
  }

  /** The call has been answered. */
  end(): void {
    this.ended = true;
    // A program may keep a callback for long.
    this.request = undefined;
  }

  /** The caller has given up: nobody answers the calls of its functions. */
  cancel(reason: unknown): void {
    this.ended = true;
    this.canceled = true;
    for (const reject of this.#waiting ?? []) reject(reason);
    this.#waiting = undefined;
  }
}
