import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FrameBatch } from '../../../src/lib/transport/sockjs/frame-batch.js';
import { decodeServerFrame } from '../../../src/lib/transport/sockjs/frames.js';
import { decodeLines } from '../../../src/lib/transport/sockjs/lines.js';

interface Vectors {
  readonly frames: readonly { readonly frame: string; readonly messages: readonly string[] }[];
  readonly inArrays: readonly { readonly message: string; readonly server: string }[];
  readonly invalid: readonly { readonly frame: string; readonly code: number }[];
  readonly openFrames: readonly { readonly frame: string; readonly extensions: readonly string[] }[];
}

const LIMIT = 16 * 1024 * 1024;
const path = new URL('../../vectors/lines.json', import.meta.url);
const vectors = JSON.parse(readFileSync(path, 'utf8')) as Vectors;

function encoded(messages: readonly string[]): string {
  const batch = new FrameBatch('a[', LIMIT);
  batch.lines = true;
  for (const message of messages) batch.add(message);
  return batch.take();
}

describe('the vectors of lines', () => {
  it('the frames of the vectors are encoded and decoded as they say', () => {
    for (const { frame, messages } of vectors.frames) {
      expect(encoded(messages)).toBe(frame);
      expect(decodeLines(frame, LIMIT)).toEqual({ type: 'messages', messages });
    }
    for (const { message, server } of vectors.inArrays) {
      expect(encoded([message])).toBe(server);
      expect(decodeServerFrame(server, LIMIT)).toEqual({ type: 'messages', messages: [message] });
    }
    for (const { frame, code } of vectors.invalid)
      expect(decodeLines(frame, LIMIT)).toMatchObject({ type: 'violation', code });
    for (const { frame, extensions } of vectors.openFrames)
      expect(decodeServerFrame(frame, LIMIT)).toEqual({ type: 'open', extensions });
  });
});
