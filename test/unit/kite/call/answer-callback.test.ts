import { expect, it } from 'vitest';
import { answerCallback } from '../../../../src/lib/kite/call/answer-callback.js';
import type { Sender } from '../../../../src/lib/kite/call/sender.js';
import type { FlowControl } from '../../../../src/lib/kite/call/flow-control.js';

/** Answers the call of a function. Returns what was answered, logged, and how many calls ran. */
async function answered(fn: () => unknown): Promise<readonly unknown[]> {
  const results: unknown[] = [];
  const logged: unknown[] = [];
  let running = 0;
  let most = 0;
  const flow = {
    began: () => (most = Math.max(most, ++running)),
    ended: () => running--,
  } as unknown as FlowControl;
  const sender = {
    respond: (_call: unknown, result: unknown) => results.push(result),
    respondError: (_call: unknown, error: unknown) => results.push(String(error)),
  } as unknown as Sender;
  answerCallback(fn, { method: 'a callback', response: 1 }, (error) => logged.push(String(error)), {
    sender,
    flow,
  });
  await new Promise((resolve) => setImmediate(resolve));
  return [results, logged, most, running];
}

const hostile = {
  // oxlint-disable-next-line unicorn/no-thenable -- hostile
  get then(): unknown {
    throw new Error('mine');
  },
};

it.each<readonly [string, () => unknown, readonly unknown[]]>([
  ['returns', () => 1, [[1], [], 0, 0]],
  ['resolves', () => Promise.resolve(1), [[1], [], 1, 0]],
  [
    'throws',
    () => JSON.parse('{') as unknown,
    [
      [expect.stringContaining('SyntaxError') as string],
      [expect.stringContaining('SyntaxError') as string],
      0,
      0,
    ],
  ],
  ['rejects', () => Promise.reject(new Error('mine')), [['Error: mine'], ['Error: mine'], 1, 0]],
  ['returns an object whose then throws', () => hostile, [['Error: mine'], ['Error: mine'], 0, 0]],
  [
    'returns an object whose then is called twice',
    // oxlint-disable-next-line unicorn/no-thenable -- hostile
    () => ({ then: (done: (value: number) => void) => [done(1), done(2)] }),
    [[1], [], 1, 0],
  ],
])('a function that %s is answered once', async (_name, fn, expected) => {
  expect(await answered(fn)).toEqual(expected);
});

it('a stream that a function returns is canceled', async () => {
  let canceled = false;
  const stream = new ReadableStream({ cancel: () => void (canceled = true) });
  await answered(() => stream);
  expect(canceled).toBe(true);
});
