import { describe, expect, it } from 'vitest';
import * as ws from 'ws';
import { BytesMessage } from '../../../../src/lib/transport/channel/outgoing-message.js';
import { encodeBinary, joinParts } from '../../../../src/lib/transport/sockjs/binary-frame.js';
import { binaryFrame } from '../../../../src/lib/transport/websocket/binary-websocket-frame.js';

// The types of `ws` do not have it.
const { Receiver } = ws as unknown as {
  readonly Receiver: new (options: object) => NodeJS.WritableStream;
};

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
