import { describe, expect, it } from 'vitest';
import { FrameMemory } from '../../../../src/lib/transport/channel/frame-memory.js';
import { FRAME_MEMORY_BYTES } from '../../../../src/lib/transport/limits/transport-limits.js';

describe('the memory of frames', () => {
  it('a frame gets the memory of the last one if it fits, and the network has accepted that one', () => {
    const memory = new FrameMemory();
    const first = memory.get(1000);
    expect([first.length, memory.get(500).buffer]).toEqual([1000, first.buffer]);
    expect(memory.get(2000).buffer).not.toBe(first.buffer);
    const second = memory.get(2000);
    memory.taken();
    expect(memory.get(2000).buffer).not.toBe(second.buffer);
  });

  it('a frame above FRAME_MEMORY_BYTES gets memory of its own', () => {
    const memory = new FrameMemory();
    const kept = memory.get(FRAME_MEMORY_BYTES);
    const large = memory.get(FRAME_MEMORY_BYTES + 1);
    expect(large.length).toBe(FRAME_MEMORY_BYTES + 1);
    expect([memory.get(1).buffer === kept.buffer, large.buffer === kept.buffer]).toEqual([true, false]);
  });
});
