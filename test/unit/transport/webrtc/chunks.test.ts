import { describe, expect, it } from 'vitest';
import { Chunks } from '../../../../src/lib/transport/webrtc/chunks.js';

describe('the queue of chunks', () => {
  it('returns the pieces in the order in which they were added', () => {
    const chunks = new Chunks();
    const taken: (string | undefined)[] = [];
    chunks.add('a');
    chunks.add('b');
    taken.push(chunks.take());
    chunks.add('c');
    taken.push(chunks.take(), chunks.take(), chunks.take());
    expect(taken).toEqual(['a', 'b', 'c', undefined]);
  });

  it('counts the UTF-16 units that wait', () => {
    const chunks = new Chunks();
    chunks.add('abc');
    chunks.add('\u{1f600}');
    expect(chunks.length).toBe(5);
    chunks.take();
    expect(chunks.length).toBe(2);
  });

  it('is empty after it is cleared, and can be used again', () => {
    const chunks = new Chunks();
    for (const piece of ['a', 'b', 'c', 'd']) chunks.add(piece);
    chunks.take();
    chunks.clear();
    expect([chunks.length, chunks.take()]).toEqual([0, undefined]);
    chunks.add('e');
    expect([chunks.length, chunks.take()]).toEqual([1, 'e']);
  });
});
