import { parseJson } from '../../util/parse-json.js';
import type { ArgsSchema, JsonSchema } from './argument-schema.js';

/** For zod: a value that JSON does not have, such as a Date, is described as any value. */
const libraryOptions = { unrepresentable: 'any' };

/**
 * Returns the JSON Schema of the arguments that a schema accepts, if its library derives one. Undefined if it does not, or if the
 * schema has no equivalent.
 */
export function deriveJsonSchema(schema: ArgsSchema<unknown[]>): JsonSchema | undefined {
  const standard: unknown = schema['~standard'];
  const ways: readonly (() => unknown)[] = [
    // zod, arktype, and valibot with toStandardJsonSchema: see standardschema.dev.
    () =>
      (standard as { jsonSchema?: { input(options: object): unknown } }).jsonSchema?.input({
        target: 'draft-2020-12',
        libraryOptions,
      }),
    // The same of zod and arktype, before there was a standard.
    () =>
      (schema as { toJSONSchema?(options: object): unknown }).toJSONSchema?.({
        io: 'input',
        ...libraryOptions,
      }),
    () => (schema as { toJsonSchema?(): unknown }).toJsonSchema?.(),
  ];
  for (const derive of ways) {
    const derived = attempt(derive);
    if (typeof derived === 'object' && derived !== null) return derived as JsonSchema;
  }
  return undefined;
}

/** Returns what JSON contains of a schema, without the helpers that a library adds to it. Undefined if it cannot be derived. */
function attempt(derive: () => unknown): unknown {
  try {
    return parseJson(JSON.stringify(derive() ?? null));
  } catch {
    return undefined;
  }
}
