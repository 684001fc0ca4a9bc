import { describe, expect, it } from 'vitest';
import { ConcurrencyGate } from '../../../../src/lib/cli/serve/concurrency-gate.js';

const never = new AbortController().signal;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Work that runs until the test ends it. */
function work() {
  let started = 0;
  const ends: (() => void)[] = [];
  return {
    started: () => started,
    end: () => ends.shift()?.(),
    run: () => {
      started++;
      return new Promise<void>((resolve) => ends.push(resolve));
    },
  };
}

describe('ConcurrencyGate', () => {
  it('ConcurrencyGate admits the maximum at once, and the next one when one leaves', async () => {
    const { run, started, end } = work();
    const turnstile = new ConcurrencyGate(2, 10);
    const all = [1, 2, 3, 4].map(() => turnstile.pass(never, run));
    await turn();
    expect(started()).toBe(2);
    end();
    await turn();
    expect(started()).toBe(3);
    for (let i = 0; i < 3; i++) {
      end();
      await turn();
    }
    await Promise.all(all);
    const again = turnstile.pass(never, run);
    await turn();
    expect(started()).toBe(5);
    end();
    await again;
  });

  it('ConcurrencyGate admits the next one when one fails', async () => {
    const turnstile = new ConcurrencyGate(1, 10);
    const failing = turnstile.pass(never, () => Promise.reject(new Error('no')));
    const next = turnstile.pass(never, () => Promise.resolve('in'));
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('in');
  });

  it('ConcurrencyGate rejects an entrant if the queue is full', async () => {
    const { run, end } = work();
    const turnstile = new ConcurrencyGate(1, 1);
    const [first, second] = [turnstile.pass(never, run), turnstile.pass(never, run)];
    await expect(turnstile.pass(never, run)).rejects.toMatchObject({ type: 'requestLimitError' });
    end();
    await turn();
    end();
    await Promise.all([first, second]);
  });

  it('ConcurrencyGate removes an aborted entrant from the queue', async () => {
    const { run, started, end } = work();
    const turnstile = new ConcurrencyGate(1, 1);
    const controller = new AbortController();
    const first = turnstile.pass(never, run);
    const gone = turnstile.pass(controller.signal, run);
    controller.abort();
    await expect(gone).rejects.toMatchObject({ type: 'disconnect' });
    const third = turnstile.pass(never, run);
    end();
    await turn();
    expect(started()).toBe(2);
    end();
    await Promise.all([first, third]);
  });
});
