import { describe, expect, it } from 'vitest';
import * as ws from 'ws';
import { BytesMessage } from '../../../../src/lib/transport/channel/outgoing-message.js';
import { encodeBinary, joinParts } from '../../../../src/lib/transport/sockjs/binary-frame.js';
import { binaryFrame, textFrame } from '../../../../src/lib/transport/websocket/websocket-frame.js';

// The types of `ws` do not have it.
const { Receiver } = ws as unknown as {
  readonly Receiver: new (options: object) => NodeJS.WritableStream;
};

describe('the WebSocket frame of a text message', () => {
  it.each(['none', 'zero', 'random'] as const)(
    'a WebSocket reads the text of each length and kind with the masking "%s"',
    async (masking) => {
      let frames = 0;
      for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
        for (const unit of ['x', '\u0000', '\u007f', '\u0080', 'é', '\u2028', '😀', '\ud800']) {
          const text = unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
          // Memory that was used before.
          const parts = ['', unit, '€', text, ''];
          const whole = parts.join('');
          const frame = textFrame(parts, masking, (size) => Buffer.alloc(size, 0xaa)) ?? '';
          const receiver = new Receiver({ isServer: masking !== 'none' });
          const received = await new Promise((resolve, reject) => {
            receiver.on('message', (data: Buffer, isBinary: boolean) => resolve(!isBinary && data));
            receiver.on('error', reject);
            receiver.write(frame);
          });
          expect(Buffer.compare(received as Buffer, Buffer.from(whole)), `${length} × ${unit}`).toBe(0);
          frames++;
        }
      console.log(`text frames: ${frames} with the masking ${masking}`);
    },
  );

  it('a text of more bytes than allowed has no frame', () => {
    expect(textFrame(['a', '€'], 'none', (size) => Buffer.alloc(size), 3)).toBeUndefined();
    expect(textFrame(['a', '€'], 'none', (size) => Buffer.alloc(size), 4)).toHaveLength(6);
  });
});

describe('the WebSocket frame of a binary message', () => {
  it.each(['none', 'zero', 'random'] as const)(
    'a WebSocket reads the binary message of each size with the masking "%s"',
    async (masking) => {
      const sizes = [0, 60, 100, 101, 102, 1000, 65_400, 65_510, 65_530, 65_600, 200_000];
      for (const size of sizes) {
        const value = new Uint8Array(size).map((_, index) => index);
        const parts = encodeBinary(new BytesMessage(['{', value, '}']), 1e6);
        if (!parts) throw new Error('not encoded');
        const expected = new Uint8Array(parts.size);
        joinParts(parts, expected);
        const frame = binaryFrame(parts, masking, (length) => Buffer.alloc(length, 0xaa));
        const receiver = new Receiver({ isServer: masking !== 'none' });
        const received = await new Promise((resolve, reject) => {
          receiver.on('message', (data: Buffer, isBinary: boolean) => resolve(isBinary && data));
          receiver.on('error', reject);
          receiver.write(frame);
        });
        expect(Buffer.compare(received as Buffer, expected), `${size} bytes`).toBe(0);
      }
    },
  );
});
