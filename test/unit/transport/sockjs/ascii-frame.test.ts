import { describe, expect, it } from 'vitest';
import { asciiFrame } from '../../../../src/lib/transport/sockjs/ascii-frame.js';

/** The text in a frame, parsed according to RFC 6455. */
function read(frame: string | undefined, masked: boolean): string | undefined {
  const bytes = Buffer.from(frame ?? '', 'latin1');
  if (bytes[0] !== 0x81 || bytes.readUInt8(1) >> 7 !== Number(masked)) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  const [length, end] = short === 126 ? [bytes.readUInt16BE(2), 4] : [short, 2];
  const start = end + (masked ? 4 : 0);
  if (bytes.length !== start + length || length > 125 !== (short === 126)) return undefined;
  return bytes.subarray(end, start).every((byte) => byte === 0) ? bytes.toString('utf8', start) : undefined;
}

describe('an ASCII frame', () => {
  it.each([0, 1, 125, 126, 127, 255, 256, 16_000, 16_370])(
    'an ASCII frame of %d characters is read by ws',
    async (length) => {
      const text = 'x~\0'.repeat(length).slice(0, length);
      expect(read(asciiFrame(text, 'none'), false)).toBe(text);
      expect(read(asciiFrame(text, 'zero'), true)).toBe(text);
    },
  );

  it('an ASCII frame has the format of RFC 6455', () => {
    expect(asciiFrame('Hello', 'none')).toBe('\x81\x05Hello');
    expect(asciiFrame('Hello', 'zero')).toBe('\x81\x85\0\0\0\0Hello');
  });

  it.each(['é', '\u0080', '\u2028', '😀', '\ud800'])('an ASCII frame is not made of %j', (text) => {
    expect(asciiFrame(`a${text}`, 'none')).toBeUndefined();
  });

  it('an ASCII frame is not made of a long message or one that must be masked', () => {
    expect(asciiFrame('x'.repeat(16_371), 'none')).toBeUndefined();
    expect(asciiFrame('x', 'random')).toBeUndefined();
  });
});
