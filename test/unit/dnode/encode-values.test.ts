import vm from 'node:vm';
import { describe, expect, it } from 'vitest';
import { encodeValues } from '../../../src/lib/dnode/encode-values.js';
import { ValueError } from '../../../src/lib/dnode/value-tags.js';
import { NumberLiteral } from '../../../src/lib/util/number-literal.js';

const encode = (value: unknown, maxDepth = 20): unknown =>
  encodeValues(value, maxDepth, 'args', { values: true, bytes: true });
const check = (value: unknown): unknown => encodeValues(value, 20, 'args', { values: false, bytes: false });

class Point {
  readonly x = 1;
  readonly when = new Date(5);
  get length(): number {
    return 1;
  }
}

function* generate(): Generator<number> {
  yield 1;
}

/** Returns a view whose buffer was transferred. */
function detached<View extends ArrayBufferView>(view: View): View {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
  return view;
}

describe('encodeValues', () => {
  it('encodeValues returns the same value if JSON has all of it', () => {
    const values = [[1, 'a', null, true, { b: [{}] }], {}, 'x', 0, null, new NumberLiteral('1e400')];
    for (const value of values) expect(encode(value)).toBe(value);
    const fn = (): void => {};
    const withFunction = [fn, { fn }];
    expect(encode(withFunction)).toBe(withFunction);
  });

  it('encodeValues copies only what changes, and leaves the arguments as they were', () => {
    const same = { deep: [1] };
    const args = [same, { when: new Date(1), same }, 'x'];
    const encoded = encode(args) as [unknown, { same: unknown }];
    expect(encoded).toEqual([same, { when: { $: 'date', v: 1 }, same }, 'x']);
    expect([encoded[0], encoded[1].same]).toEqual([same, same]);
    expect(encoded[0]).toBe(same);
    expect(args).toEqual([same, { when: new Date(1), same }, 'x']);
  });

  it('encodeValues sends own fields of other classes, and calls toJSON once', () => {
    expect(encode(new Point())).toEqual({ x: 1, when: { $: 'date', v: 5 } });
    const json = { toJSON: (key: string) => ({ key, at: new Date(2), toJSON: () => 'not called' }) };
    expect(encode([json])).toMatchObject([{ key: '0', at: { $: 'date', v: 2 } }]);
    expect(encode({ a: { toJSON: () => ({ $: 1 }) } })).toEqual({ a: { $: 'object', v: { $: 1 } } });
  });

  it('encodeValues sends the bytes of every kind of view, in the order of memory', () => {
    const buffer = Uint8Array.from([9, 1, 2, 3, 4, 5, 6, 7, 8, 9]).buffer.slice(1, 9);
    const kinds = [
      Int8Array,
      Uint8Array,
      Uint8ClampedArray,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
      Float32Array,
      Float64Array,
      BigInt64Array,
      BigUint64Array,
      DataView,
    ] as const;
    for (const Kind of kinds as readonly (new (
      memory: ArrayBuffer,
    ) => ArrayBufferView)[])
      expect(encode(new Kind(buffer))).toEqual({ $: 'bytes', v: 'AQIDBAUGBwg=' });
    expect(encode(new DataView(buffer, 2, 3))).toEqual({ $: 'bytes', v: 'AwQF' });
    console.log(`${kinds.length} kinds of views are sent`);
  });

  it('encodeValues sends Buffer and ArrayBuffer as bytes, and only the part that a view covers', () => {
    expect(encode([Buffer.from([1]), new Uint8Array([2]).buffer])).toEqual([
      { $: 'bytes', v: 'AQ==' },
      { $: 'bytes', v: 'Ag==' },
    ]);
    expect(encode(new Uint8Array([1, 2, 3]).subarray(1, 2))).toEqual({ $: 'bytes', v: 'Ag==' });
  });

  it('encodeValues never sends the stack of an error', () => {
    const error = Object.assign(new Error('m'), { stack: 'secret', extra: 1 });
    expect(JSON.stringify(encode(error))).not.toContain('secret');
  });

  it('encodeValues keeps a field named __proto__', () => {
    const value = JSON.parse('{"__proto__":{"a":1},"b":1}') as Record<string, unknown>;
    value['b'] = 1n;
    expect(JSON.stringify(encode(value))).toBe('{"__proto__":{"a":1},"b":{"$":"bigint","v":"1"}}');
  });

  it.each([
    [[{ a: Promise.resolve() }], 'args[0].a: a Promise cannot be sent to this peer'],
    [[[new WeakMap()]], 'args[0][0]: a WeakMap cannot be sent'],
    [{ 'a b': Symbol('x') }, 'args["a b"]: a Symbol cannot be sent'],
    [[new SharedArrayBuffer(1)], 'args[0]: a SharedArrayBuffer cannot be sent'],
    [
      [new Uint8Array(new SharedArrayBuffer(1))],
      'args[0]: a Uint8Array cannot be sent: its memory is shared',
    ],
    [[new DataView(new SharedArrayBuffer(1))], 'args[0]: a DataView cannot be sent: its memory is shared'],
    [{ a: detached(new Uint8Array(1)) }, 'args.a: a Uint8Array cannot be sent: its buffer is detached'],
    [{ a: detached(new Float64Array(1)) }, 'args.a: a Float64Array cannot be sent: its buffer is detached'],
    [{ a: detached(new DataView(new ArrayBuffer(1))) }, 'args.a: a DataView cannot be sent: its buffer is'],
    [
      { a: detached(new Uint8Array(1)).buffer },
      'args.a: an ArrayBuffer cannot be sent: its buffer is detached',
    ],
  ])('encodeValues names the path of a value that no peer can receive: %#', (value, message) => {
    expect(() => encode(value)).toThrow(message);
  });

  it.each([
    [[generate()], 'args[0]: a Generator'],
    [[1, { a: [1].values() }], 'args[1].a: an Array Iterator'],
    [[new Map().entries()], 'args[0]: a Map Iterator'],
    [[{ a: { b: new Set().values() } }], 'args[0].a.b: a Set Iterator'],
    [['ab'.matchAll(/a/g)], 'args[0]: a RegExp String Iterator'],
  ])('encodeValues names what to use instead of an iterator that is not async: %#', (value, what) => {
    const message = `${what} cannot be sent; use an async generator (async function*) or an array`;
    for (const convert of [encode, check]) expect(() => convert(value)).toThrow(new ValueError(message));
  });

  it('encodeValues names an iterator that is a result or an item', () => {
    const support = { values: true, bytes: true };
    for (const name of ['result', 'item'])
      expect(() => encodeValues(generate(), 20, name, support)).toThrow(
        `${name}: a Generator cannot be sent;`,
      );
  });

  it('encodeValues sends what can be iterated but is not an iterator', () => {
    const iterable = { size: 1, [Symbol.iterator]: generate };
    expect(encode([iterable])).toEqual([iterable]);
  });

  it('encodeValues rejects values that contain themselves, and those that nest too deep', () => {
    const circle: unknown[] = [];
    circle.push(new Map([['self', circle]]));
    expect(() => encode(circle)).toThrow('args nests deeper than 20 levels, or contains itself');
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = new Set([deep]);
    expect(() => encode(deep)).toThrow('nests deeper');
  });
});

describe('encodeValues for a peer without extensions', () => {
  it.each([
    [[{ when: new Map() }], 'args[0].when: a Map cannot be sent to this peer'],
    [[new Set()], 'args[0]: a Set cannot be sent to this peer'],
    [[1n], 'args[0]: a BigInt cannot be sent to this peer'],
    [[{ a: [Number.NaN] }], 'args[0].a[0]: NaN cannot be sent to this peer'],
    [[Number.NEGATIVE_INFINITY], 'args[0]: -Infinity cannot be sent to this peer'],
    [[/x/], 'args[0]: a RegExp cannot be sent to this peer'],
    [[new Error('x')], 'args[0]: an Error cannot be sent to this peer'],
    [[new Uint8Array(1)], 'args[0]: a Uint8Array cannot be sent to this peer'],
    [[new ArrayBuffer(1)], 'args[0]: an ArrayBuffer cannot be sent to this peer'],
    [[new Float32Array(1)], 'args[0]: a Float32Array cannot be sent'],
    [[Promise.resolve()], 'args[0]: a Promise cannot be sent to this peer'],
  ])('encodeValues names the path of a value that JSON cannot carry: %#', (value, message) => {
    expect(() => check(value)).toThrow(message);
  });

  it('encodeValues leaves what JSON.stringify defines to it', () => {
    const values = [
      new Date(1),
      new Date(Number.NaN),
      new URL('https://example.com'),
      Buffer.from('x'),
      undefined,
      -0,
      { toJSON: () => 1 },
      { $: 'date', v: 1 },
      new Point(),
      new NumberLiteral('1e400'),
      () => 1,
      vm.runInNewContext('({ a: [1] })') as unknown,
    ];
    expect(check(values)).toBe(values);
  });

  it('encodeValues sends bytes and values only to peers that support them', () => {
    const args = [new Date(1), Buffer.from('x'), undefined];
    expect(encodeValues(args, 20, 'args', { values: true, bytes: false })).toEqual([
      { $: 'date', v: 1 },
      { type: 'Buffer', data: [120] },
      { $: 'undefined' },
    ]);
    expect(encodeValues(args, 20, 'args', { values: false, bytes: true })).toMatchObject([
      '1970-01-01T00:00:00.001Z',
      { $: 'bytes', v: 'eA==' },
      undefined,
    ]);
  });
});
