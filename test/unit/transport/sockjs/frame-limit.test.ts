import { constants } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { maxFrameBytes } from '../../../../src/lib/transport/sockjs/frame-limit.js';

describe('maxFrameBytes', () => {
  it('the limit of a frame fits the longest form of the largest message', () => {
    const message = '\u{1f600}'.repeat(1000);
    const escaped = JSON.stringify([message]).replace(
      /[\ud800-\udfff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16)}`,
    );
    expect(maxFrameBytes(Buffer.byteLength(message))).toBeGreaterThan(Buffer.byteLength(escaped));
  });

  it('the limit of a frame is never more than a string can hold', () => {
    expect(maxFrameBytes(Number.MAX_SAFE_INTEGER)).toBe(constants.MAX_STRING_LENGTH);
  });
});
