import { describe, expect, it } from 'vitest';
import { stringifyLiterals } from '../../../src/lib/util/literal-json.js';
import { NumberLiteral } from '../../../src/lib/util/number-literal.js';
import { plainValue } from '../../../src/lib/util/plain-value.js';

const error = Object.assign(new TypeError('no', { cause: new Date(0) }), { code: 'E1', at: 3n });

const rows: readonly (readonly [name: string, value: unknown, json: string | undefined])[] = [
  ['bytes', Uint8Array.of(0, 255, 27), '"AP8b"'],
  ['a Buffer', Buffer.from('text'), '"dGV4dA=="'],
  ['an ArrayBuffer', new ArrayBuffer(3), '"AAAA"'],
  ['no bytes', new Uint8Array(), '""'],
  ['a Date', new Date(Date.UTC(2026, 0, 31)), '"2026-01-31T00:00:00.000Z"'],
  ['an invalid Date', new Date(Number.NaN), 'null'],
  ['a BigInt', -12345678901234567890n, '-12345678901234567890'],
  [
    'a Map',
    new Map<string, unknown>([
      ['b', 1n],
      ['a', undefined],
    ]),
    '{"b":1,"a":null}',
  ],
  ['a Map with __proto__ as key', new Map([['__proto__', 1]]), '{"__proto__":1}'],
  [
    'a Map with other keys',
    new Map<unknown, unknown>([
      ['a', 1],
      [2, new Date(0)],
    ]),
    '[["a",1],[2,"1970-01-01T00:00:00.000Z"]]',
  ],
  ['a Set', new Set([1, new Set([2n])]), '[1,[2]]'],
  ['undefined', undefined, undefined],
  ['undefined in a list', [undefined, 1], '[null,1]'],
  ['undefined in an object', { a: undefined }, '{}'],
  ['NaN', [Number.NaN, -Infinity, Infinity, -0], '["NaN","-Infinity","Infinity",-0]'],
  ['a URL', new URL('https://example.com'), '"https://example.com/"'],
  ['a RegExp', /a+/gi, '"/a+/gi"'],
  [
    'an Error',
    error,
    '{"name":"TypeError","message":"no","code":"E1","at":3,"cause":"1970-01-01T00:00:00.000Z"}',
  ],
  ['a function', { call: () => 4 }, '{"call":"[Function]"}'],
  ['a stream', [new ReadableStream()], '["[Stream]"]'],
  ['a number as it is written', [new NumberLiteral('1e400')], '[1e400]'],
];

describe('plainValue', () => {
  it.each(rows)('plainValue gives %s one form in JSON', (_name, value, json) => {
    expect(stringifyLiterals(plainValue(value))).toBe(json);
    expect(stringifyLiterals(plainValue({ a: [{ b: value }] }))).toBe(
      json === undefined ? '{"a":[{}]}' : `{"a":[{"b":${json}}]}`,
    );
    const twice = plainValue(value);
    expect(plainValue(twice)).toBe(twice);
  });

  it('plainValue returns what JSON has as it is, and changes no value', () => {
    const value = { a: [1, 'b', null, true, { __proto__: null }], toJSON: () => 4 };
    expect(plainValue(value)).toBe(value);
    const rich = Object.freeze({ when: Object.freeze([new Date(0)]) });
    expect(plainValue(rich)).toEqual({ when: ['1970-01-01T00:00:00.000Z'] });
    const tricky = JSON.parse('{"__proto__":{"a":1},"b":2}') as Record<string, unknown>;
    tricky['b'] = 1n;
    expect(stringifyLiterals(plainValue(tricky))).toBe('{"__proto__":{"a":1},"b":1}');
  });

  it('plainValue takes time in proportion to a value that nests deeply', () => {
    let value: unknown = 1n;
    for (let depth = 0; depth < 1000; depth++) value = [{ value }];
    expect(stringifyLiterals(plainValue(value))?.length).toBe(1000 * '[{"value":}]'.length + 1);
  });
});
