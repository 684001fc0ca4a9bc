import { describe, expect, it } from 'vitest';
import { scrub, ScrubError } from '../../../src/lib/dnode/scrub.js';

const fn = (): void => {};

describe('scrubbing', () => {
  it.each([
    [[4], '[4]'],
    [['ü "quoted"'], '["ü \\"quoted\\""]'],
    [[undefined, { a: undefined }], '[null,{}]'],
    [[new Date(0)], '["1970-01-01T00:00:00.000Z"]'],
    [undefined, 'null'],
    [null, 'null'],
  ])('scrub does not change values without functions: %j', (value, json) => {
    expect(scrub(value, 128)).toEqual({ json, functions: undefined });
  });

  it('scrub replaces functions at any depth and lists their paths', () => {
    const value = [1, fn, { on: { tick: fn }, list: [fn] }];
    const { json, functions } = scrub(value, 128);
    expect(json).toBe('[1,"[Function]",{"on":{"tick":"[Function]"},"list":["[Function]"]}]');
    expect(functions?.map(({ path }) => path)).toEqual([[1], [2, 'on', 'tick'], [2, 'list', 0]]);
  });

  it('scrub accepts a function as an argument', () => {
    expect(scrub(fn, 128)).toEqual({ json: '"[Function]"', functions: [{ fn, path: [] }] });
  });

  it('scrub replaces a function although the function has its own JSON form', () => {
    const fn = Object.assign(() => undefined, { toJSON: () => undefined });
    expect(scrub([{ fn }], 10)).toEqual({
      json: '[{"fn":"[Function]"}]',
      functions: [{ fn, path: [0, 'fn'] }],
    });
  });

  it.each([[{ '': () => undefined }], [[{ '': [{ a: () => undefined }] }]]])(
    'scrub rejects a function under an empty name, which ends Go kites',
    (value) => expect(() => scrub(value, 10)).toThrow('It has a function under an empty name at "'),
  );

  it('scrub rejects a circular structure with its path', () => {
    const loop: { inner: { self?: unknown } } = { inner: {} };
    loop.inner.self = loop;
    expect(() => scrub([loop], 128)).toThrow(new ScrubError('It contains itself at 0.inner.self'));
  });

  it('scrub accepts the same object twice if it is not circular', () => {
    const twice = { a: 1 };
    expect(scrub([twice, twice], 128).json).toBe('[{"a":1},{"a":1}]');
  });

  it('scrub rejects more levels than the limit', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 0 : [nested(depth - 1)]);
    expect(scrub(nested(10), 10).json).toBe(`${'['.repeat(10)}0${']'.repeat(10)}`);
    expect(() => scrub(nested(11), 10)).toThrow(ScrubError);
  });

  it('scrub rejects values that JSON cannot represent', () => {
    expect(() => scrub([1n], 128)).toThrow(ScrubError);
  });
});
