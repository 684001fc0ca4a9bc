import { afterEach, describe, expect, it, vi } from 'vitest';
import { AttachedBytes, ReceivedBytes } from '../../../src/lib/dnode/attached-bytes.js';
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
    const received = new ReceivedBytes();
    let text = '';
    for (const [index, part] of (attached?.split(json) ?? []).entries())
      text += index === 0 ? part : `"${received.add(attached?.at(index - 1) ?? large)}"${part}`;
    expect(decodeValues(JSON.parse(text), dnodeLimits, received)).toMatchObject({
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
    expect([attached.size, attached.at(1).length]).toEqual([large.length + 1, 1]);
  });

  it('received bytes are a view of the message if they are most of it, and a copy otherwise', () => {
    const message = new Uint8Array(1000);
    const received = new ReceivedBytes();
    const [most, small, unaligned] = [
      message.subarray(8, 600),
      message.subarray(8, 400),
      message.subarray(9, 1000),
    ];
    const marks = [most, small, unaligned].map((array) => received.add(array));
    const buffers = marks.map((mark) => received.get(mark)?.buffer);
    expect(buffers.map((buffer) => buffer === message.buffer)).toEqual([true, false, false]);
    expect(marks.map((mark) => received.get(mark))).toEqual([most, small, unaligned]);
    expect(received.size).toBe(592 + 392 + 991);
    expect(received.get('#0')).toBeUndefined();
  });
});
