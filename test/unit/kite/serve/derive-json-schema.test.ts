import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ArgsSchema } from '../../../../src/lib/kite/serve/argument-schema.js';
import { deriveJsonSchema } from '../../../../src/lib/kite/serve/derive-json-schema.js';

const NUMBERS = { type: 'array', prefixItems: [{ type: 'number' }], items: false, minItems: 1 };

/** A schema that accepts everything, with further properties. */
function schemaWith(standard: object, own: object = {}): ArgsSchema<unknown[]> {
  const validate = (value: unknown) => ({ value: value as unknown[] });
  return { '~standard': { version: 1, vendor: 'test', validate, ...standard }, ...own };
}

const fail = (): never => {
  throw new Error('not representable');
};

describe('deriveJsonSchema', () => {
  it.each([
    ['zod', z.tuple([z.number()])],
    ['arktype', type(['number'])],
    ['valibot, through its package for JSON Schema', toStandardJsonSchema(v.strictTuple([v.number()]))],
  ])('the JSON Schema of the arguments is derived from a schema of %s', (_library, schema) => {
    const derived = deriveJsonSchema(schema);
    expect(derived).toMatchObject(NUMBERS);
    expect(JSON.parse(JSON.stringify(derived))).toEqual(derived);
  });

  it('a derived JSON Schema describes what callers pass, and not what the handler gets', () => {
    const schema = z.tuple([z.string().transform((text) => text.length)]);
    expect(deriveJsonSchema(schema)).toMatchObject({
      prefixItems: [{ type: 'string' }],
    });
  });

  it.each([
    ['zod', z.tuple([z.date(), z.number()])],
    ['arktype', type(['Date', 'number'])],
  ])('a schema of %s with a value that JSON does not have is derived with any value', (_library, schema) => {
    expect(deriveJsonSchema(schema)).toMatchObject({
      prefixItems: [{}, { type: 'number' }],
    });
  });

  it('a schema without the standard interface for JSON Schema is derived by the function of its library', () => {
    const zod = schemaWith({}, { toJSONSchema: (options: object) => ({ type: 'array', options }) });
    expect(deriveJsonSchema(zod)).toEqual({
      type: 'array',
      options: { io: 'input', unrepresentable: 'any' },
    });
    const arktype = schemaWith({ jsonSchema: { input: fail } }, { toJsonSchema: () => ({ type: 'array' }) });
    expect(deriveJsonSchema(arktype)).toEqual({ type: 'array' });
  });

  it('no JSON Schema is derived if the library has no function for it, fails, or returns something else', () => {
    const cycle: { self?: object } = {};
    cycle.self = cycle;
    const schemas = [
      v.strictTuple([v.number()]) as unknown as ArgsSchema<unknown[]>,
      schemaWith({}),
      schemaWith({ jsonSchema: { input: fail } }, { toJSONSchema: fail, toJsonSchema: fail }),
      schemaWith({ jsonSchema: { input: () => 'text' } }),
      schemaWith({ jsonSchema: {} }),
      schemaWith({ jsonSchema: { input: () => cycle } }),
      schemaWith({ jsonSchema: { input: () => ({ const: 4n }) } }),
    ];
    expect(schemas.map((schema) => deriveJsonSchema(schema))).toEqual(schemas.map(() => undefined));
  });
});
