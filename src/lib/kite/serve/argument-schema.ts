import { KiteError } from '../../protocol/errors.js';

/**
 * What checks the arguments of a method, in the form that zod, valibot, arktype and others share (standardschema.dev,
 * version 1). Its output is what the handler gets as `args`: a tuple or an array.
 */
export interface ArgsSchema<Args extends readonly unknown[]> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Args> | Promise<SchemaResult<Args>>;
    readonly types?: { readonly input: unknown; readonly output: Args } | undefined;
  };
}

/** A JSON Schema, as a program writes it or has it made of its own schema. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export type SchemaResult<Args> =
  | { readonly value: Args; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The checked arguments. Throws an `argumentError` that lists what is wrong and where. */
export function checkedArgs<Args>(method: string, result: SchemaResult<Args>): Args {
  if (result.issues === undefined) return result.value;
  const problems = result.issues.map((issue) => `${issuePath(issue)}${issue.message}`).join('; ');
  throw new KiteError(
    'argumentError',
    `Bad arguments for "${method}": ${problems || 'refused without a reason'}`,
  );
}

function issuePath({ path }: SchemaIssue): string {
  if (!path || path.length === 0) return '';
  const keys = path.map((part) => (typeof part === 'object' ? part.key : part));
  return `${keys.map(String).join('.')}: `;
}
