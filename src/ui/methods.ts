import { record } from '../lib/util/record.js';

/** A method in the result of `kite.describe`. */
export interface MethodInfo {
  readonly name: string;
  readonly description: string;
  readonly schema: unknown;
}

/** Reads the methods from the result of `kite.describe`, which may be any value. */
export function readMethods(result: unknown): readonly MethodInfo[] {
  const { methods } = record(result);
  if (!Array.isArray(methods)) return [];
  return methods.flatMap((method: unknown) => {
    const { name, description, jsonSchema } = record(method);
    if (typeof name !== 'string' || name === '') return [];
    return [{ name, description: typeof description === 'string' ? description : '', schema: jsonSchema }];
  });
}
