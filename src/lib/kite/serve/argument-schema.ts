import { KiteError } from '../../protocol/errors.js';

/**
 * A schema for the arguments of a method, in the form that zod, valibot, arktype and others share (standardschema.dev,
 * version 1). Its output, a tuple or an array, becomes the `args` of the request. Callers pass its input.
 *
 * @example
 *     kite.handle('square', { args: z.tuple([z.number()]) }, ({ args: [n] }) => n * n);
 */
export interface ArgsSchema<Args extends readonly unknown[], Input = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Args> | Promise<SchemaResult<Args>>;
    readonly types?: { readonly input: Input; readonly output: Args } | undefined;
  };
}

/** A JSON Schema object. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export type SchemaResult<Args> =
  | { readonly value: Args; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Returns the validated arguments. Throws an `argumentError` that lists each problem with its path. */
export function checkedArgs<Args>(method: string, result: SchemaResult<Args>): Args {
  if (result.issues === undefined) return result.value;
  const problems = result.issues.map((issue) => `${issuePath(issue)}${issue.message}`).join('; ');
  throw new KiteError(
    'argumentError',
    `Invalid arguments for "${method}": ${problems || 'rejected without a reason'}`,
  );
}

function issuePath({ path }: SchemaIssue): string {
  if (!path || path.length === 0) return '';
  const keys = path.map((part) => (typeof part === 'object' ? part.key : part));
  return `${keys.map(String).join('.')}: `;
}
