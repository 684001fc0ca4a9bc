import { describe, expect, it } from 'vitest';
import { ReadingTurns } from '../../../../src/lib/transport/channel/reading-turns.js';
import { READERS_PER_TURN } from '../../../../src/lib/transport/limits/transport-limits.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('ReadingTurns', () => {
  it('ReadingTurns allows some connections to read in each turn of the event loop, in the order in which they wait', async () => {
    const turns = new ReadingTurns();
    const read: number[] = [];
    const takers = Array.from({ length: 2 * READERS_PER_TURN + 1 }, (_, n) => ({
      readOn: () => read.push(n),
    }));
    for (const taker of takers) turns.wait(taker);
    const counts = [];
    for (let n = 0; n < 4; n++) {
      await turn();
      counts.push(read.length);
    }
    expect(counts).toEqual([READERS_PER_TURN, 2 * READERS_PER_TURN, takers.length, takers.length]);
    expect(read).toEqual(takers.map((_, n) => n));
  });

  it('ReadingTurns allows a connection that waits again to read after the others', async () => {
    const turns = new ReadingTurns();
    const read: string[] = [];
    let again = 3;
    const greedy = {
      readOn() {
        read.push('greedy');
        if (again-- > 0) turns.wait(greedy);
      },
    };
    turns.wait(greedy);
    turns.wait(greedy);
    turns.wait({ readOn: () => read.push('other') });
    for (let n = 0; n < 5; n++) await turn();
    expect(read).toEqual(['greedy', 'other', 'greedy', 'greedy', 'greedy']);
  });
});
