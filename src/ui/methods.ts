import { record } from '../lib/util/record.js';

/** A method as `kite.describe` tells of it. */
export interface MethodInfo {
  readonly name: string;
  readonly description: string;
  readonly schema: unknown;
}

/** The methods in what `kite.describe` has answered, which may be anything. */
export function readMethods(answer: unknown): readonly MethodInfo[] {
  const { methods } = record(answer);
  if (!Array.isArray(methods)) return [];
  return methods.flatMap((method: unknown) => {
    const { name, description, jsonSchema } = record(method);
    if (typeof name !== 'string' || name === '') return [];
    return [{ name, description: typeof description === 'string' ? description : '', schema: jsonSchema }];
  });
}
