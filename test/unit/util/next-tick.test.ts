import { describe, expect, it } from 'vitest';
import { nextTick } from '../../../src/lib/util/next-tick.js';

describe('nextTick', () => {
  it('nextTick runs callbacks in order after the current code, and before timers', async () => {
    const ran: string[] = [];
    const timer = new Promise<void>((resolve) => {
      setTimeout(() => {
        ran.push('timer');
        resolve();
      }, 0);
    });
    nextTick(() => ran.push('first'));
    nextTick(() => ran.push('second'));
    ran.push('now');
    await timer;
    expect(ran).toEqual(['now', 'first', 'second', 'timer']);
  });
});
