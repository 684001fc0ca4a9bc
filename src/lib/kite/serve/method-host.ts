import type { KiteIdentity } from '../../protocol/identity.js';
import type { ArgsSchema, JsonSchema } from './argument-schema.js';
import type { Handler, Method, MethodDescription } from './method.js';

export interface HandleOptions<Args extends readonly unknown[]> {
  /**
   * Checks the arguments before the handler sees them, and gives them their type: a zod, valibot or arktype schema of a
   * tuple. Arguments that it refuses are answered with `argumentError`.
   */
  readonly args?: ArgsSchema<Args>;
  /** What the method does, for callers of `kite.describe`. */
  readonly description?: string;
  /**
   * What the arguments look like, for callers of `kite.describe`: the JSON Schema of their array. It is not derived from
   * `args`, and checks nothing.
   */
  readonly jsonSchema?: JsonSchema;
}

/** The result of `kite.describe`. */
export interface KiteDescription {
  readonly kite: KiteIdentity;
  /** In the order of their names. */
  readonly methods: readonly MethodDescription[];
}

/** What the default methods need of the kite that they are added to. */
export interface MethodHost {
  handle<Args extends unknown[], Result = unknown>(name: string, handler: Handler<Args, Result>): Method;
  handle<Args extends unknown[], Result = unknown>(
    name: string,
    options: HandleOptions<Args>,
    handler: Handler<Args, Result>,
  ): Method;
  describe(): KiteDescription;
}
