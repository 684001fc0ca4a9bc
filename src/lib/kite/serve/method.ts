import type { Clock } from '../../util/clock.js';
import { describeThrown } from '../../util/message-of.js';
import { TokenBucket } from '../../util/token-bucket.js';
import type { Request } from './request.js';
import { type ArgsSchema, checkedArgs, type JsonSchema } from './argument-schema.js';
import { deriveJsonSchema } from './derive-json-schema.js';

/**
 * Handles a call. The returned or resolved value is the result of the call; an exception or rejection is its error. A
 * KiteError keeps its type, code and message; of other errors, the caller gets the message as a `genericError`.
 */
export type Handler<Args extends readonly unknown[] = unknown[], Result = unknown> = (
  request: Request<Args>,
) => Result | Promise<Result>;

/** The outcome of a call: a result or an error. */
export type Outcome =
  | { readonly result: unknown; readonly error?: undefined }
  | { readonly error: unknown; readonly result?: undefined };

/** Runs at the end of every call, even if it failed. May return another outcome. If it throws, that is the error of the call. */
// oxlint-disable-next-line typescript/no-invalid-void-type -- a function that only observes needs no return
export type FinalFunc = (request: Request, outcome: Outcome) => Outcome | void | Promise<Outcome | void>;

/**
 * Selects the handler that provides the result: the handler of the method (`ReturnMethod`, the default), or the first
 * (`ReturnFirst`) or last (`ReturnLatest`) of all handlers whose value is neither null nor undefined. The names are those of
 * the Go implementation.
 */
export type MethodHandling = 'ReturnMethod' | 'ReturnFirst' | 'ReturnLatest';

/** The rate limit of a method: a token bucket, which is full at the start. */
export interface ThrottleOptions {
  /** Time after which one more call is allowed, in milliseconds. */
  readonly interval: number;
  /** Maximum number of calls that are allowed at once. */
  readonly capacity: number;
}

/** Optional properties of a method. */
export interface MethodDetails {
  /** Schema that validates the arguments before the handler runs. */
  readonly args?: ArgsSchema<unknown[]> | undefined;
  /** Description of the method in the result of `kite.describe`. */
  readonly description?: string | undefined;
  /** JSON Schema of the array of arguments in the result of `kite.describe`. Not used for validation. Default: that of `args`. */
  readonly jsonSchema?: JsonSchema | undefined;
  /** Whether the result of `kite.describe` says that the method streams. Default: whether the handler is an async generator. */
  readonly streams?: boolean | undefined;
}

/** A method in the result of `kite.describe`. */
export interface MethodDescription {
  readonly name: string;
  /** Whether callers have to authenticate. */
  readonly authenticated: boolean;
  readonly throttle?: ThrottleOptions;
  readonly description?: string;
  readonly jsonSchema?: JsonSchema;
  /** Set if the method is known to stream. A method without it may return a stream. */
  readonly streams?: true;
}

/** Handlers that run before and after a method, and functions that run at the end. A kite has one, and each method has one. */
export interface HandlerChain {
  readonly pre: Handler[];
  readonly post: Handler[];
  readonly final: FinalFunc[];
}

/** A method of a kite. Its configuration methods return it, so that they can be chained after `handle`. */
export class Method {
  readonly name: string;
  readonly chain: HandlerChain = { pre: [], post: [], final: [] };
  readonly #handler: Handler;
  readonly #clock: Clock;
  readonly #schema: ArgsSchema<unknown[]> | undefined;
  readonly #details: MethodDetails;
  #authenticated = true;
  #throttle: ThrottleOptions | undefined;
  #bucket: TokenBucket | undefined;
  #handling: MethodHandling | undefined;
  /** The JSON Schema that was derived from the schema; null if there is none. */
  #derived: JsonSchema | null | undefined;

  constructor(name: string, handler: Handler, clock: Clock, details: MethodDetails = {}) {
    this.name = name;
    this.#handler = handler;
    this.#clock = clock;
    this.#details = details;
    this.#schema = details.args;
  }

  /** Allows calls without authentication. */
  disableAuthentication(): this {
    this.#authenticated = false;
    return this;
  }

  /** Rejects calls above a rate with `requestLimitError`. The limit applies to all callers together. */
  throttle({ interval, capacity }: ThrottleOptions): this {
    this.#bucket = new TokenBucket(interval, capacity, this.#clock);
    this.#throttle = { interval, capacity };
    return this;
  }

  /** Adds a handler that runs before the handler of the method. If it throws, the call fails. */
  preHandle(handler: Handler): this {
    this.chain.pre.push(handler);
    return this;
  }

  /** Adds a handler that runs after the handler of the method. If it throws, the call fails. */
  postHandle(handler: Handler): this {
    this.chain.post.push(handler);
    return this;
  }

  /** Adds a function that runs at the end of every call, and may replace the outcome. */
  finalFunc(final: FinalFunc): this {
    this.chain.final.push(final);
    return this;
  }

  /** Selects the handler that provides the result. Default: the `methodHandling` of the kite. */
  returns(handling: MethodHandling): this {
    this.#handling = handling;
    return this;
  }

  /** Whether callers have to authenticate. */
  get authenticated(): boolean {
    return this.#authenticated;
  }

  /** Returns the description of the method for the result of `kite.describe`. */
  describe(): MethodDescription {
    const { description, streams = isAsyncGenerator(this.#handler) } = this.#details;
    const jsonSchema = this.#describedArgs();
    return {
      name: this.name,
      authenticated: this.#authenticated,
      ...(this.#throttle && { throttle: this.#throttle }),
      ...(description !== undefined && { description }),
      ...(jsonSchema !== undefined && { jsonSchema }),
      ...(streams && { streams }),
    };
  }

  #describedArgs(): JsonSchema | undefined {
    const { jsonSchema } = this.#details;
    if (jsonSchema !== undefined || !this.#schema) return jsonSchema;
    if (this.#derived === undefined) this.#derived = deriveJsonSchema(this.#schema) ?? null;
    return this.#derived ?? undefined;
  }

  /** Takes a token from the bucket. Returns false if the rate is exceeded. */
  admit(): boolean {
    return this.#bucket?.take() ?? true;
  }

  /** Runs the method with its handlers and those of the kite. Without any, returns the value of the handler directly. */
  run(request: Request, kite: HandlerChain, handling: MethodHandling): unknown {
    const { pre, post, final } = this.chain;
    const chained =
      pre.length + post.length + final.length + kite.pre.length + kite.post.length + kite.final.length > 0;
    if (!chained && !this.#schema) return this.#handler(request);
    return this.#runChain(request, kite, this.#handling ?? handling);
  }

  async #runChain(request: Request, kite: HandlerChain, handling: MethodHandling): Promise<unknown> {
    let outcome = await this.#attempt(request, kite, handling);
    for (const final of [...this.chain.final, ...kite.final]) {
      try {
        outcome = (await final(request, outcome)) ?? outcome;
      } catch (error) {
        outcome = { error: error ?? describeThrown(error) };
      }
    }
    if (outcome.error !== undefined) throw outcome.error;
    return outcome.result;
  }

  async #attempt(request: Request, kite: HandlerChain, handling: MethodHandling): Promise<Outcome> {
    try {
      if (this.#schema) {
        request.args = checkedArgs(this.name, await this.#schema['~standard'].validate(request.args));
      }
      const values: unknown[] = [];
      for (const handler of [...this.chain.pre, ...kite.pre]) values.push(await handler(request));
      const own = await this.#handler(request);
      values.push(own);
      for (const handler of [...this.chain.post, ...kite.post]) values.push(await handler(request));
      return { result: selectResult(values, own, handling) };
    } catch (error) {
      return { error: error ?? describeThrown(error) };
    }
  }
}

/** Whether a function is declared with `async function*`. */
export function isAsyncGenerator(fn: unknown): boolean {
  return Object.prototype.toString.call(fn) === '[object AsyncGeneratorFunction]';
}

function selectResult(values: readonly unknown[], own: unknown, handling: MethodHandling): unknown {
  if (handling === 'ReturnMethod') return own;
  const results = values.filter((value) => value !== null && value !== undefined);
  return (handling === 'ReturnFirst' ? results[0] : results.at(-1)) ?? null;
}
