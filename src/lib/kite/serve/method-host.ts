import type { KiteIdentity } from '../../protocol/identity.js';
import type { Allow } from './allow-rule.js';
import type { ArgsSchema, JsonSchema } from './argument-schema.js';
import type { Handler, Method, MethodDescription } from './method.js';
import type { Request } from './request.js';

/** Options of a method. */
export interface HandleOptions<Args extends readonly unknown[] = unknown[], Input = unknown> {
  /**
   * Who may call the method: a username, claims, a function of the identity, or a list of these, of which one has to match. Others
   * get an `authenticationError` with the code `notAllowed` before their arguments are read, and `kite.describe` does not list the
   * method for them. Not in pages. Default: every authenticated caller.
   *
   * @example
   *     kite.handle('delete', { allow: ['alice', { role: 'admin' }] }, remove);
   */
  readonly allow?: Allow;
  /**
   * Schema of the arguments, such as a zod, valibot or arktype schema of a tuple. It validates the arguments before the
   * handler runs, and determines their type. A call with invalid arguments fails with `argumentError`.
   */
  readonly args?: ArgsSchema<Args, Input>;
  /** Description of the method in the result of `kite.describe`. */
  readonly description?: string;
  /**
   * JSON Schema of the array of arguments, for the result of `kite.describe`. Not used for validation. Default: what the library of
   * `args` derives, as zod 4.2 and arktype do, and valibot with `toStandardJsonSchema` of `@valibot/to-json-schema`.
   */
  readonly jsonSchema?: JsonSchema;
  /**
   * How long a call may run, streams included, in milliseconds. If exceeded, the call fails with `timeout`, code `methodTimeout`,
   * `request.signal` aborts, and the result of the handler is ignored. Default: no limit.
   */
  readonly timeout?: number;
  /** Whether the result of `kite.describe` says that the method streams. Default: whether the handler is an async generator. */
  readonly streams?: boolean;
}

/** The result of `kite.describe`. */
export interface KiteDescription {
  readonly kite: KiteIdentity;
  /** The methods, sorted by name. */
  readonly methods: readonly MethodDescription[];
  /** The extensions of the protocol that the kite speaks. Only callers that speak some get them. */
  readonly extensions: readonly string[];
}

/** The interface of a kite to its default methods. */
export interface MethodHost {
  handle<Args extends unknown[], Result = unknown>(name: string, handler: Handler<Args, Result>): Method;
  handle<Args extends unknown[], Result = unknown>(
    name: string,
    options: HandleOptions<Args>,
    handler: Handler<Args, Result>,
  ): Method;
  describe(): KiteDescription;
  /** Returns what a caller may know of it. */
  describeTo(request: Request): Promise<KiteDescription>;
}
