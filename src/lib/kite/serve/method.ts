import type { Clock } from '../../util/clock.js';
import { TokenBucket } from '../../util/token-bucket.js';
import type { Request } from './request.js';
import { type ArgsSchema, checkedArgs, type JsonSchema } from './argument-schema.js';

/** Answers a call: with what it returns or resolves with, or with what it throws. */
export type Handler<Args extends readonly unknown[] = unknown[], Result = unknown> = (
  request: Request<Args>,
) => Result | Promise<Result>;

/** What a call has come to: exactly one of the two. */
export type Outcome =
  | { readonly result: unknown; readonly error?: undefined }
  | { readonly error: unknown; readonly result?: undefined };

/** Runs after everything else, failed or not. May return another outcome; what it throws becomes the error. */
// oxlint-disable-next-line typescript/no-invalid-void-type -- a function that only looks is written without a return
export type FinalFunc = (request: Request, outcome: Outcome) => Outcome | void | Promise<Outcome | void>;

/**
 * Which handler's value is the result: the method's own (`ReturnMethod`, the default), the first that is neither null
 * nor undefined (`ReturnFirst`), or the last such (`ReturnLatest`). Names of the Go implementation.
 */
export type MethodHandling = 'ReturnMethod' | 'ReturnFirst' | 'ReturnLatest';

export interface ThrottleOptions {
  /** Milliseconds after which one more call is allowed. */
  readonly interval: number;
  /** Calls allowed at once. The bucket is full at the start. */
  readonly capacity: number;
}

/** What a program may say of a method besides its handler. */
export interface MethodDetails {
  /** Checks the arguments before the handler sees them. */
  readonly args?: ArgsSchema<unknown[]> | undefined;
  /** What the method does, for people. */
  readonly description?: string | undefined;
  /** What the arguments look like, as the schema of their array. It is told, and checks nothing. */
  readonly jsonSchema?: JsonSchema | undefined;
}

/** A method as `kite.describe` tells of it. */
export interface MethodDescription {
  readonly name: string;
  /** Whether callers must say who they are. */
  readonly authenticated: boolean;
  readonly throttle?: ThrottleOptions;
  readonly description?: string;
  readonly jsonSchema?: JsonSchema;
}

/** What runs before, after and at last, in order. A kite has one for all its methods, each method has its own. */
export interface HandlerChain {
  readonly pre: Handler[];
  readonly post: Handler[];
  readonly final: FinalFunc[];
}

/** One method of a kite. Its calls return it, so that they can be chained after `handle`. */
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

  constructor(name: string, handler: Handler, clock: Clock, details: MethodDetails = {}) {
    this.name = name;
    this.#handler = handler;
    this.#clock = clock;
    this.#details = details;
    this.#schema = details.args;
  }

  /** Anybody may call the method. */
  disableAuthentication(): this {
    this.#authenticated = false;
    return this;
  }

  /** Refuses calls beyond a rate with `requestLimitError`. The rate is that of all callers together. */
  throttle({ interval, capacity }: ThrottleOptions): this {
    this.#bucket = new TokenBucket(interval, capacity, this.#clock);
    this.#throttle = { interval, capacity };
    return this;
  }

  /** Runs before the handler. What it throws ends the call. */
  preHandle(handler: Handler): this {
    this.chain.pre.push(handler);
    return this;
  }

  /** Runs after the handler. What it throws ends the call. */
  postHandle(handler: Handler): this {
    this.chain.post.push(handler);
    return this;
  }

  /** Always runs, at the end, and may replace the outcome. */
  finalFunc(final: FinalFunc): this {
    this.chain.final.push(final);
    return this;
  }

  /** Which handler's value is the result. Default: the kite's `methodHandling`. */
  returns(handling: MethodHandling): this {
    this.#handling = handling;
    return this;
  }

  get authenticated(): boolean {
    return this.#authenticated;
  }

  /** What may be told of the method to whoever wants to call it. */
  describe(): MethodDescription {
    const { description, jsonSchema } = this.#details;
    return {
      name: this.name,
      authenticated: this.#authenticated,
      ...(this.#throttle && { throttle: this.#throttle }),
      ...(description !== undefined && { description }),
      ...(jsonSchema !== undefined && { jsonSchema }),
    };
  }

  /** Whether one more call is within the method's rate. */
  admit(): boolean {
    return this.#bucket?.take() ?? true;
  }

  /** Runs the method with the kite's own chain around it. Answers at once where nothing in it waits. */
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
        outcome = { error };
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
      return { error: error ?? new Error('unknown error') };
    }
  }
}

function selectResult(values: readonly unknown[], own: unknown, handling: MethodHandling): unknown {
  if (handling === 'ReturnMethod') return own;
  const given = values.filter((value) => value !== null && value !== undefined);
  return (handling === 'ReturnFirst' ? given[0] : given.at(-1)) ?? null;
}
