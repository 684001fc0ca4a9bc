import type { JsonSchema, Request } from '../../index.js';

/** A method as `kitectl serve` puts it into its kite. */
export interface ServedMethod {
  readonly handler: (request: Request) => unknown;
  readonly description?: string | undefined;
  readonly jsonSchema?: JsonSchema | undefined;
}
