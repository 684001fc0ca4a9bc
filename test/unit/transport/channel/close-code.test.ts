import { expect, it } from 'vitest';
import {
  isShutdown,
  validCloseCode,
  truncateReason,
} from '../../../../src/lib/transport/channel/close-code.js';
import { maxFrameBytes } from '../../../../src/lib/transport/sockjs/frame-limit.js';

it.each([1000, 1001, 1008, 1011, 1014, 3000, 4999])('the close code %d is sent unchanged', (code) => {
  expect(validCloseCode(code)).toBe(code);
});

it.each([0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 3000.5, Number.NaN, -1])(
  'the close code %d, which WebSocket reserves, is sent as 3000',
  (code) => {
    expect(validCloseCode(code)).toBe(3000);
  },
);

it('the reason of a close frame is cut to 123 bytes, between characters', () => {
  expect(truncateReason('short')).toBe('short');
  expect(truncateReason('x'.repeat(123))).toBe('x'.repeat(123));
  expect(truncateReason('x'.repeat(200))).toBe('x'.repeat(123));
  expect(truncateReason('😀'.repeat(100))).toBe('😀'.repeat(30));
});

it('the frame limit includes the maximum that quoting adds to a message, up to the size of a string', () => {
  const limit = 1024 * 1024;
  expect(maxFrameBytes(limit)).toBeGreaterThan(JSON.stringify(['\\ud83d'.repeat(limit / 2 / 4)]).length);
  expect(maxFrameBytes(Number.MAX_SAFE_INTEGER)).toBeLessThan(2 ** 31);
});

it('a kite that shuts down is recognized by the reason of the close frame', () => {
  expect(['Go away!', 'All calls are answered', 'queue too large', ''].map(isShutdown)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
