import { describe, expect, it } from 'vitest';
import { ChunkQueue } from '../../../../src/lib/transport/webrtc/chunk-queue.js';

describe('the queue of chunks', () => {
  it('the queue of chunks returns the pieces in the order in which they were added', () => {
    const chunks = new ChunkQueue();
    const taken: (string | undefined)[] = [];
    chunks.add('a');
    chunks.add('b');
    taken.push(chunks.take());
    chunks.add('c');
    taken.push(chunks.take(), chunks.take(), chunks.take());
    expect(taken).toEqual(['a', 'b', 'c', undefined]);
  });

  it('the queue of chunks counts the UTF-16 units that wait', () => {
    const chunks = new ChunkQueue();
    chunks.add('abc');
    chunks.add('\u{1f600}');
    expect(chunks.length).toBe(5);
    chunks.take();
    expect(chunks.length).toBe(2);
  });

  it('the queue of chunks is empty after it is cleared, and can be used again', () => {
    const chunks = new ChunkQueue();
    for (const piece of ['a', 'b', 'c', 'd']) chunks.add(piece);
    chunks.take();
    chunks.clear();
    expect([chunks.length, chunks.take()]).toEqual([0, undefined]);
    chunks.add('e');
    expect([chunks.length, chunks.take()]).toEqual([1, 'e']);
  });
});
