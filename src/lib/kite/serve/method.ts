import type { Clock } from '../../util/clock.js';
import { describeThrown } from '../../util/message-of.js';
import { TokenBucket } from '../../util/token-bucket.js';
import type { Allow } from './allow-rule.js';
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

/** Runs the rest of a call: further middleware, the check of the arguments, the handler. Resolves with the result or rejects. */
export type Next = () => Promise<unknown>;

/**
 * Runs around a call: before `next()`, which can be called once, and after it. What it returns is the result of the call; if it
 * returns nothing, that is the result of `next()`. If it throws, the call fails. A call that was refused before, for its
 * credentials or its rate, does not reach it: see the event `refused`.
 *
 * @example
 *     kite.use(async (request, next) => {
 *       const start = performance.now();
 *       try {
 *         return await next();
 *       } finally {
 *         console.log(request.method, request.username, performance.now() - start);
 *       }
 *     });
 */
export type Middleware = (request: Request, next: Next) => unknown;

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

/** A rate limit: a token bucket, which is full at the start. */
export interface CallRate {
  /** Time after which one more call is allowed, in milliseconds. */
  readonly interval: number;
  /** Maximum number of calls that are allowed at once. */
  readonly capacity: number;
}

/** The rate limit of a method. */
export interface ThrottleOptions extends CallRate {
  /**
   * Whether the limit applies to all callers together (`method`, the default), or to each `caller`: each user, and each address, or
   * /64 network of IPv6, of callers that have not authenticated. A method can have one limit of each kind.
   */
  readonly per?: 'method' | 'caller';
}

/** The rate limits of the callers of a method. */
export interface CallerRates {
  /** Counts a call. Returns false if the rate of its caller is exceeded. */
  take(request: Request): boolean;
}

/** What methods receive from their kite. */
export interface MethodParts {
  readonly clock: Clock;
  /** Whether methods require no authentication, unless they have the option `allow`. Default: false. */
  readonly disableAuthentication?: boolean | undefined;
  /** Creates the rate limits of the callers of a method. Pages have none. */
  readonly newCallerRates?: ((rate: CallRate, clock: Clock) => CallerRates) | undefined;
}

/** Optional properties of a method. */
export interface MethodDetails {
  /** Who may call the method. */
  readonly allow?: Allow | undefined;
  /** Schema that validates the arguments before the handler runs. */
  readonly args?: ArgsSchema<unknown[]> | undefined;
  /** Description of the method in the result of `kite.describe`. */
  readonly description?: string | undefined;
  /** See `HandleOptions.timeout`. */
  readonly timeout?: number | undefined;
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
  /** The rate limit of all callers together. */
  readonly throttle?: CallRate;
  /** The rate limit of each caller. */
  readonly throttlePerCaller?: CallRate;
  readonly description?: string;
  readonly jsonSchema?: JsonSchema;
  /** Set if the method is known to stream. A method without it may return a stream. */
  readonly streams?: true;
}

/** What runs around, before and after a method, and at the end. A kite has one, and each method has one. */
export interface HandlerChain {
  readonly around: Middleware[];
  readonly pre: Handler[];
  readonly post: Handler[];
  readonly final: FinalFunc[];
  /** Called when the arguments of a call are refused. */
  refused?: (request: Request, error: unknown) => void;
}

/** A method of a kite. Its configuration methods return it, so that they can be chained after `handle`. */
export class Method {
  readonly name: string;
  /** @internal What runs around, before and after the handler, and at the end. */
  readonly chain: HandlerChain = { around: [], pre: [], post: [], final: [] };
  readonly #handler: Handler;
  readonly #parts: MethodParts;
  /** @internal What validates the arguments. */
  readonly schema: ArgsSchema<unknown[]> | undefined;
  readonly #details: MethodDetails;
  #authenticated: boolean;
  #throttle: CallRate | undefined;
  #throttlePerCaller: CallRate | undefined;
  #bucket: TokenBucket | undefined;
  #callers: CallerRates | undefined;
  #handling: MethodHandling | undefined;
  /** The JSON Schema that was derived from the schema; null if there is none. */
  #derived: JsonSchema | null | undefined;

  constructor(name: string, handler: Handler, parts: MethodParts, details: MethodDetails = {}) {
    this.name = name;
    this.#handler = handler;
    this.#parts = parts;
    this.#authenticated = !parts.disableAuthentication || details.allow !== undefined;
    this.#details = details;
    this.schema = details.args;
    const { timeout } = details;
    if (timeout !== undefined && !(timeout > 0 && timeout < Infinity))
      throw new TypeError(`The timeout of "${name}" must be a number of milliseconds above 0`);
  }

  /** How long a call may run, in milliseconds. Undefined if there is no limit. */
  get timeout(): number | undefined {
    return this.#details.timeout;
  }

  /**
   * Allows calls without authentication.
   *
   * @throws TypeError if the method has the option `allow`
   */
  disableAuthentication(): this {
    if (this.allow !== undefined)
      throw new TypeError(`"${this.name}" has the option allow, which requires authentication`);
    this.#authenticated = false;
    return this;
  }

  /**
   * Rejects calls above a rate with `requestLimitError`: of all callers together, or of each caller.
   *
   * @example
   *     const method = kite.handle('search', search).throttle({ interval: 10, capacity: 500 });
   *     method.throttle({ interval: 1000, capacity: 5, per: 'caller' });
   */
  throttle({ interval, capacity, per }: ThrottleOptions): this {
    const { clock, newCallerRates } = this.#parts;
    const rate = { interval, capacity };
    if (per === 'caller') {
      if (!newCallerRates) throw new TypeError('Pages have no rate limits of callers');
      this.#callers = newCallerRates(rate, clock);
      this.#throttlePerCaller = rate;
    } else {
      this.#bucket = new TokenBucket(interval, capacity, clock);
      this.#throttle = rate;
    }
    return this;
  }

  /** Adds middleware, which runs inside of that of the kite: around the schema, and the handlers before and after the method. */
  use(...middleware: Middleware[]): this {
    addSteps(this.chain.around, ...middleware);
    return this;
  }

  /** Adds a handler that runs before the handler of the method. If it throws, the call fails. */
  preHandle(handler: Handler): this {
    addSteps(this.chain.pre, handler);
    return this;
  }

  /** Adds a handler that runs after the handler of the method. If it throws, the call fails. */
  postHandle(handler: Handler): this {
    addSteps(this.chain.post, handler);
    return this;
  }

  /** Adds a function that runs at the end of every call, and may replace the outcome. */
  finalFunc(final: FinalFunc): this {
    addSteps(this.chain.final, final);
    return this;
  }

  /** Selects the handler that provides the result. Default: the `methodHandling` of the kite. */
  returns(handling: MethodHandling): this {
    this.#handling = handling;
    return this;
  }

  /** @internal Who may call the method. */
  get allow(): Allow | undefined {
    return this.#details.allow;
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
      ...(this.#throttlePerCaller && { throttlePerCaller: this.#throttlePerCaller }),
      ...(description !== undefined && { description }),
      ...(jsonSchema !== undefined && { jsonSchema }),
      ...(streams && { streams }),
    };
  }

  #describedArgs(): JsonSchema | undefined {
    const { jsonSchema } = this.#details;
    if (jsonSchema !== undefined || !this.schema) return jsonSchema;
    if (this.#derived === undefined) this.#derived = deriveJsonSchema(this.schema) ?? null;
    return this.#derived ?? undefined;
  }

  /** @internal Counts a call. Returns false if a rate is exceeded. A caller above its own rate does not use up that of all. */
  admit(request: Request): boolean {
    return (this.#callers?.take(request) ?? true) && (this.#bucket?.take() ?? true);
  }

  /** @internal Runs the method with what is around it and around every method. Without any, calls the handler directly. */
  run(request: Request, kite: HandlerChain, handling: MethodHandling): unknown {
    const { chain } = this;
    if (!this.schema && isEmpty(chain) && isEmpty(kite)) return this.#handler(request);
    const steps: Middleware[] = [
      ...kite.around,
      ...chain.around,
      (_request, next) => runFinals([...chain.final, ...kite.final], request, next),
      (_request, next) => this.#validate(request, kite, next),
      (_request, next) => this.#surround(request, kite, this.#handling ?? handling, next),
    ];
    return runSteps(steps, request, this.#handler);
  }

  async #validate(request: Request, { refused }: HandlerChain, next: Next): Promise<unknown> {
    if (this.schema) {
      try {
        request.args = checkedArgs(this.name, await this.schema['~standard'].validate(request.args));
      } catch (error) {
        refused?.(request, error);
        throw error;
      }
    }
    return next();
  }

  async #surround(
    request: Request,
    kite: HandlerChain,
    handling: MethodHandling,
    next: Next,
  ): Promise<unknown> {
    const values: unknown[] = [];
    for (const handler of [...this.chain.pre, ...kite.pre]) values.push(await handler(request));
    const own = await next();
    values.push(own);
    for (const handler of [...this.chain.post, ...kite.post]) values.push(await handler(request));
    return selectResult(values, own, handling) ?? null;
  }
}

/**
 * Adds functions to a part of a chain, all or none.
 *
 * @throws TypeError if one is not a function
 */
export function addSteps<Step>(steps: Step[], ...added: Step[]): void {
  for (const step of added)
    if (typeof step !== 'function') throw new TypeError(`${String(step)} is not a function`);
  steps.push(...added);
}

function isEmpty({ around, pre, post, final }: HandlerChain): boolean {
  return around.length + pre.length + post.length + final.length === 0;
}

/** Runs the handler of a call, with middleware around it: the first is the outermost. */
async function runSteps(steps: readonly Middleware[], request: Request, handler: Handler): Promise<unknown> {
  if (steps.length === 0) return handler(request);
  const [step, ...inner] = steps as readonly [Middleware, ...Middleware[]];
  let rest: Promise<unknown> | undefined;
  const value = await step(request, () => {
    if (rest)
      return Promise.reject(
        middlewareError(request, 'called next() again: call it once, and reuse its promise'),
      );
    rest = runSteps(inner, request, handler);
    // Middleware does not have to wait for it.
    rest.catch(() => undefined);
    return rest;
  });
  if (value !== undefined) return value;
  if (!rest)
    throw middlewareError(
      request,
      'neither called next() nor returned a result: call next() to run the handler, or return the result of the call',
    );
  return rest;
}

function middlewareError({ method }: Request, problem: string): Error {
  return new Error(`Middleware of the method "${method}" ${problem}`);
}

async function runFinals(finals: readonly FinalFunc[], request: Request, next: Next): Promise<unknown> {
  let outcome: Outcome;
  try {
    outcome = { result: await next() };
  } catch (error) {
    outcome = { error: error ?? describeThrown(error) };
  }
  for (const final of finals) {
    try {
      outcome = (await final(request, outcome)) ?? outcome;
    } catch (error) {
      outcome = { error: error ?? describeThrown(error) };
    }
  }
  if (outcome.error !== undefined) throw outcome.error;
  return outcome.result ?? null;
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
