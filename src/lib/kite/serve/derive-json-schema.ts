import type { ArgsSchema, JsonSchema } from './argument-schema.js';

/** The functions of schema libraries that return JSON Schema. */
interface Deriving {
  readonly '~standard': {
    /** Of zod, arktype, and valibot with `toStandardJsonSchema`: see standardschema.dev. */
    readonly jsonSchema?: { input(options: object): unknown };
  };
  /** Of zod. */
  toJSONSchema?(options: object): unknown;
  /** Of arktype. */
  toJsonSchema?(): unknown;
}

/** For zod: a value that JSON does not have, such as a Date, is described as any value. */
const libraryOptions = { unrepresentable: 'any' };

/**
 * Returns the JSON Schema of the arguments that a schema accepts, if its library derives one. Undefined if it does not, or if the
 * schema has no equivalent.
 */
export function deriveJsonSchema(schema: ArgsSchema<unknown[]>): JsonSchema | undefined {
  const deriving = schema as unknown as Deriving;
  const ways: readonly (() => unknown)[] = [
    () => deriving['~standard'].jsonSchema?.input({ target: 'draft-2020-12', libraryOptions }),
    () => deriving.toJSONSchema?.({ io: 'input', ...libraryOptions }),
    () => deriving.toJsonSchema?.(),
  ];
  for (const derive of ways) {
    const derived = attempt(derive);
    if (typeof derived === 'object' && derived !== null) return derived as JsonSchema;
  }
  return undefined;
}

/** Returns what JSON contains of a schema, without the helpers that a library adds to it. */
function attempt(derive: () => unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(derive() ?? null));
  } catch {
    return undefined;
  }
}
