import type { JsonSchema, Request } from '../../index.js';

/** A method of the kite that `kitectl serve` runs. */
export interface ServedMethod {
  readonly handler: (request: Request) => unknown;
  readonly description?: string | undefined;
  readonly jsonSchema?: JsonSchema | undefined;
  /** Default: false. */
  readonly streams?: boolean | undefined;
}
