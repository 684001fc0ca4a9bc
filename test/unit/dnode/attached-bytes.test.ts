import { afterEach, describe, expect, it, vi } from 'vitest';
import { arrayMark, AttachedBytes, totalLength } from '../../../src/lib/dnode/attached-bytes.js';
import { decodeValues } from '../../../src/lib/dnode/decode-values.js';
import { dnodeLimits, INLINE_BYTES } from '../../../src/lib/dnode/dnode-limits.js';
import { scrub } from '../../../src/lib/dnode/scrub.js';

const special = { name: 'args', support: { values: true, bytes: true } };
const large = new Uint8Array(INLINE_BYTES + 1).fill(7);

afterEach(() => void vi.restoreAllMocks());

describe('bytes beside the JSON of a message', () => {
  it('values above INLINE_BYTES are beside the JSON, and smaller ones are in it', () => {
    const small = large.subarray(1);
    const { json, attached } = scrub([small, large, new Set([large])], 20, JSON.stringify, special);
    expect(attached?.arrays).toEqual([large, large]);
    expect([attached?.size, attached?.base64Length]).toEqual([
      2 * large.length,
      2 * 4 * Math.ceil(large.length / 3),
    ]);
    const [start, between, end] = attached?.split(json) ?? [];
    expect(start).toMatch(/^\[\{"\$":"bytes","v":"BwcH.*"\},\{"\$":"bytes","v":$/);
    expect([between, end]).toEqual(['},{"$":"set","v":[{"$":"bytes","v":', '}]}]']);
  });

  it('a text that looks like the mark of bytes stays as it is, and the bytes are in the JSON then', () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const { json, attached } = scrub(['#0.5', large], 20, JSON.stringify, special);
    expect(attached).toBeUndefined();
    expect(JSON.parse(json)).toMatchObject(['#0.5', { $: 'bytes' }]);
  });

  it('bytes in objects with any order of keys are found again', () => {
    const [a, b, c] = [1, 2, 3].map((fill) => new Uint8Array(INLINE_BYTES + 1).fill(fill));
    const error = Object.assign(new Error('m', { cause: a }), { field: b });
    const value = { z: a, 7: b, error, map: new Map([[c, a]]), toJSON: undefined };
    const { json, attached } = scrub(value, 20, JSON.stringify, special);
    let number = 0;
    const received =
      attached?.split(json).reduce((text, part) => `${text}"${arrayMark(number++)}"${part}`) ?? '';
    expect(decodeValues(JSON.parse(received), dnodeLimits, attached?.arrays)).toMatchObject({
      z: a,
      7: b,
      error: { field: b, cause: a },
      map: new Map([[c, a]]),
    });
  });

  it('a peer without the extension gets no bytes beside the JSON', () => {
    const support = { values: true, bytes: false };
    expect(() => scrub([large], 20, JSON.stringify, { name: 'args', support })).toThrow(
      'args[0]: a Uint8Array cannot be sent to this peer',
    );
  });

  it('the size of bytes beside the JSON is that of all arrays', () => {
    const attached = new AttachedBytes();
    attached.add(large);
    attached.add(large.subarray(0, 1));
    expect([totalLength(attached.arrays), attached.at(1).length]).toEqual([large.length + 1, 1]);
  });
});
