import { describe, expect, it } from 'vitest';
import * as ws from 'ws';
import { textFrame } from '../../../../src/lib/transport/websocket/websocket-frame.js';

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
          const frame = textFrame(text, masking, (size) => Buffer.alloc(size, 0xaa));
          const receiver = new Receiver({ isServer: masking !== 'none' });
          const received = await new Promise((resolve, reject) => {
            receiver.on('message', (data: Buffer, isBinary: boolean) => resolve(!isBinary && data));
            receiver.on('error', reject);
            receiver.write(frame);
          });
          expect(Buffer.compare(received as Buffer, Buffer.from(text)), `${length} × ${unit}`).toBe(0);
          frames++;
        }
      console.log(`text frames: ${frames} with the masking ${masking}`);
    },
  );
});
