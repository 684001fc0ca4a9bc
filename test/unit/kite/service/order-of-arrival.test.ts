import { describe, expect, it } from 'vitest';
import { inOrderOfArrival } from '../../../../src/lib/kite/service/order-of-arrival.js';

describe('the order of arrival', () => {
  it('each result is yielded as soon as it is there, also while others are awaited', async () => {
    const finish: ((value: string) => void)[] = [];
    const make = () => new Promise<string>((resolve) => finish.push(resolve));
    const results = inOrderOfArrival([make(), make(), make()]);
    const first = results.next();
    finish[2]?.('c');
    expect(await first).toEqual({ done: false, value: 'c' });
    finish[0]?.('a');
    finish[1]?.('b');
    expect(await results.next()).toEqual({ done: false, value: 'a' });
    expect(await results.next()).toEqual({ done: false, value: 'b' });
    expect(await results.next()).toEqual({ done: true, value: undefined });
  });

  it('there are no results of no promises', async () => {
    expect(await inOrderOfArrival([]).next()).toEqual({ done: true, value: undefined });
  });
});
