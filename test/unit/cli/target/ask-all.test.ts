import { describe, expect, it } from 'vitest';
import { askAll } from '../../../../src/lib/cli/target/ask-all.js';

const items = Array.from({ length: 10 }, (_, n) => n);
const open = { parallel: 3, time: 0, now: () => 0, signal: new AbortController().signal };

describe('askAll', () => {
  it('askAll asks every item once, in order', async () => {
    const asked: number[] = [];
    const ask = (item: number, remaining: number): Promise<void> => {
      expect(remaining).toBe(Number.POSITIVE_INFINITY);
      asked.push(item);
      return Promise.resolve();
    };
    expect(await askAll(items, ask, open)).toEqual([]);
    expect(asked).toEqual(items);
  });

  it('askAll does not let one slow answer delay the questions behind it', async () => {
    const asked: number[] = [];
    let answer: () => void = () => {};
    const slow = new Promise<void>((resolve) => (answer = resolve));
    const ask = (item: number): Promise<void> => {
      if (asked.push(item) === items.length) answer();
      return item === 0 ? slow : Promise.resolve();
    };
    await askAll(items, ask, open);
    expect(asked).toHaveLength(items.length);
  });

  it('askAll returns what it has not asked when the time has passed, or when it is aborted', async () => {
    let now = 0;
    const tick = (): Promise<void> => {
      now += 10;
      return Promise.resolve();
    };
    expect(await askAll(items, tick, { ...open, parallel: 1, time: 35, now: () => now })).toEqual([
      4, 5, 6, 7, 8, 9,
    ]);
    const controller = new AbortController();
    const abort = (item: number): Promise<void> => {
      if (item === 5) controller.abort();
      return Promise.resolve();
    };
    expect(await askAll(items, abort, { ...open, parallel: 1, signal: controller.signal })).toEqual([
      6, 7, 8, 9,
    ]);
  });
});
