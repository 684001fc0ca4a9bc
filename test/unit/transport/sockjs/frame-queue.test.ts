import { describe, expect, it } from 'vitest';
import { FrameQueue } from '../../../../src/lib/transport/sockjs/frame-queue.js';

const LIMIT = 16 * 1024 * 1024;

describe('FrameQueue', () => {
  it('FrameQueue closes a frame at 128 KiB and keeps the order', () => {
    const queue = new FrameQueue('[', LIMIT);
    const sent: string[] = [];
    for (let index = 0; index < 300; index++) {
      const message = `${index}:${'x'.repeat(1024)}`;
      sent.push(message);
      queue.add(message);
    }
    const received: string[] = [];
    const lengths: number[] = [];
    for (let frame = queue.shift(); frame !== undefined; frame = queue.shift()) {
      lengths.push(frame.length);
      received.push(...(JSON.parse(frame) as string[]));
    }
    expect(received).toEqual(sent);
    expect(lengths).toHaveLength(3);
    expect(Math.max(...lengths)).toBeLessThan(130 * 1024);
    expect(queue.length).toBe(0);
  });

  it('FrameQueue keeps the order of lines and of messages that are not one line', () => {
    const queue = new FrameQueue('[', LIMIT);
    queue.add('{"a":1}');
    queue.useLines();
    for (const message of ['{"b":1}', '{"c":1}', '{\n}', '{"d":1}']) queue.add(message);
    const frames = Array.from({ length: 5 }, () => queue.shift());
    expect(frames).toEqual(['["{\\"a\\":1}"]', '{"b":1}\n{"c":1}', '["{\\n}"]', '{"d":1}', undefined]);
  });

  it('FrameQueue is empty after it is cleared', () => {
    const queue = new FrameQueue('[', LIMIT);
    for (let index = 0; index < 200; index++) queue.add('x'.repeat(1024));
    queue.clear();
    expect(queue.length).toBe(0);
    expect(queue.shift()).toBeUndefined();
  });
});
