import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/lib/index.js';
import { connected, settled } from '../../helpers/kite/cores.js';

/** A stream of numbers that the test makes, one at a time, and what its reader has sent as credit. */
async function steppedStream() {
  const { server, caller, client, near } = await connected();
  let make = (): void => undefined;
  server.handle<[number]>('items', async function* ({ args: [count] }) {
    for (let item = 0; item < count; item++) {
      await new Promise<void>((resolve) => (make = resolve));
      yield item;
    }
  });
  const read = async (count: number): Promise<void> => {
    for await (const _ of client.stream('items', count));
  };
  const credits = (): number[] =>
    near.sent
      .filter((text) => text.startsWith('{"method":"kite.credit"'))
      .map(
        (text) =>
          (JSON.parse(text) as { arguments: [{ withArgs: [number, number] }] }).arguments[0].withArgs[1],
      );
  /** Makes items, each some milliseconds after the one before. */
  const step = async (count: number, ms: number): Promise<void> => {
    for (let item = 0; item < count; item++) {
      make();
      await settled();
      caller.clock.advance(ms);
      await settled();
    }
  };
  return { read, credits, step };
}

describe('the credit of a stream', () => {
  const quarter = defaultLimits.streamItems / 4;

  it('a reader that waits for each item of a steady stream gives credit for a quarter of a window at a time', async () => {
    const { read, credits, step } = await steppedStream();
    const reading = read(3 * quarter + 1);
    await settled();
    await step(3 * quarter, 5);
    expect(credits()).toEqual([quarter, quarter, quarter]);
    await step(1, 0);
    await reading;
  });

  it('a reader gives credit for what it has taken when nothing arrives, and for a quarter of a window again later', async () => {
    const { read, credits, step } = await steppedStream();
    const count = 10 * quarter;
    const reading = read(count + 2);
    await settled();
    await step(1, 1000);
    expect(credits()).toEqual([1]);
    await step(count, 5);
    const given = credits();
    expect(given.at(-1)).toBe(quarter);
    expect(given.length).toBeLessThan(count / 5);
    await step(1, 0);
    await reading;
  });

  it('a sender that makes an item a second gets credit for each, so that it is not blocked by a window of its own', async () => {
    const { read, credits, step } = await steppedStream();
    const reading = read(11);
    await settled();
    await step(10, 1000);
    expect(credits()).toEqual(Array.from({ length: 10 }, () => 1));
    await step(1, 0);
    await reading;
  });
});
