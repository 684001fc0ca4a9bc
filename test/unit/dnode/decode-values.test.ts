import { describe, expect, it } from 'vitest';
import { decodeValues } from '../../../src/lib/dnode/decode-values.js';
import { BIGINT_DIGITS, dnodeLimits, REGEXP_LENGTH } from '../../../src/lib/dnode/dnode-limits.js';
import { encodeValues } from '../../../src/lib/dnode/encode-values.js';

const decode = (value: unknown, limits = dnodeLimits): unknown => decodeValues(value, limits);
const sent = (value: unknown): unknown =>
  decode(JSON.parse(JSON.stringify(encodeValues(value, 50, 'value', { values: true, bytes: true }))));

describe('decodeValues', () => {
  it('decodeValues restores what encodeValues has encoded, nested in each other', () => {
    const value = {
      map: new Map<unknown, unknown>([
        [new Date(1), new Set([1n, Number.NaN, undefined])],
        ['__proto__', { $: { $: 'x' } }],
        [null, [-0, new URL('http://a/'), /x/u]],
      ]),
      bytes: new Uint8Array(70_000).map((_, index) => index),
      error: new RangeError('m', { cause: new Map([[1, 2]]) }),
      nothing: [undefined, null],
    };
    const restored = sent(value) as typeof value;
    expect(restored).toEqual(value);
    expect(restored.error).toBeInstanceOf(RangeError);
    expect(restored.error.cause).toEqual(new Map([[1, 2]]));
    expect(Object.is(([...restored.map.values()][2] as number[])[0], -0)).toBe(true);
  });

  it('decodeValues restores an error without a stack of either side, with its name and fields', () => {
    const error = Object.assign(new Error('m'), { name: 'MyError', code: 'E1', toString: 1 });
    const restored = sent(error) as Error;
    expect(restored).toMatchObject({ name: 'MyError', message: 'm', code: 'E1', toString: 1 });
    expect(restored.stack).toBe('MyError: m');
  });

  it('decodeValues leaves prototypes as they are', () => {
    const text =
      '[{"$":"map","v":[["__proto__",{"a":1}]]},{"__proto__":{"$":"set","v":[]}},{"$":"error","v":{"name":"E","message":"m","fields":{"__proto__":{"b":1}}}}]';
    const [map, object, error] = decode(JSON.parse(text)) as [Map<string, unknown>, object, Error];
    expect(map.get('__proto__')).toEqual({ a: 1 });
    expect([Object.getPrototypeOf(object), Object.hasOwn(object, '__proto__')]).toEqual([
      Object.prototype,
      true,
    ]);
    expect((error as { b?: unknown }).b).toBeUndefined();
    expect(({} as { a?: unknown }).a).toBeUndefined();
  });

  it('decodeValues keeps functions where they are', () => {
    const stub = (): void => {};
    const map = decode({ $: 'map', v: [['f', stub]] }) as Map<string, unknown>;
    expect(map.get('f')).toBe(stub);
  });

  it('decodeValues rejects tags that nest 100,000 levels deep', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = { $: 'set', v: [deep] };
    expect(() => decode(deep)).toThrow('nests deeper');
    for (let level = 0; level < 100_000; level++) deep = { $: 'object', v: { $: deep } };
    expect(() => decode(deep)).toThrow('nests deeper');
  });

  it('decodeValues limits the number of tagged values, and the length of those that are costly', () => {
    const dates = (count: number) => Array.from({ length: count }, () => ({ $: 'date', v: 0 }));
    const limits = { ...dnodeLimits, valuesPerMessage: 10 };
    expect(decode(dates(10), limits)).toHaveLength(10);
    expect(() => decode(dates(11), limits)).toThrow('more than 10 tagged values');
    expect(decode({ $: 'bigint', v: '9'.repeat(BIGINT_DIGITS) })).toBeTypeOf('bigint');
    expect(() => decode({ $: 'bigint', v: '9'.repeat(BIGINT_DIGITS + 1) })).toThrow('is malformed');
    expect(decode({ $: 'regexp', v: ['a'.repeat(REGEXP_LENGTH), ''] })).toBeInstanceOf(RegExp);
    expect(() => decode({ $: 'regexp', v: ['a'.repeat(REGEXP_LENGTH + 1), ''] })).toThrow('malformed');
  });
});
