import { describe, expect, it } from 'vitest';
import {
  LoadGenerator,
  type LoadGeneratorOptions,
  type LoadResult,
} from '../../../../src/lib/cli/bench/load-generator.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A kite whose calls the test answers, and a load on it. */
class Bench {
  readonly clock: ManualClock;
  readonly waiting: { connection: number; resolve(): void; reject(error: Error): void }[] = [];
  readonly latencies: number[] = [];
  readonly errors: unknown[] = [];
  readonly controller = new AbortController();
  readonly result: Promise<LoadResult>;

  constructor(
    connections: number,
    {
      clock = new ManualClock(),
      ...options
    }: Partial<LoadGeneratorOptions> & { readonly clock?: ManualClock },
  ) {
    this.clock = clock;
    const call = (connection: number) => () =>
      new Promise<void>((resolve, reject) => void this.waiting.push({ connection, resolve, reject }));
    this.result = new LoadGenerator({
      calls: Array.from({ length: connections }, (_, index) => call(index)),
      parallel: connections,
      rate: undefined,
      duration: 1000,
      signal: this.controller.signal,
      clock: this.clock,
      onAnswer: (ms) => this.latencies.push(ms),
      onError: (error) => this.errors.push(error) > 0 && (error as Error).message === 'gone',
      ...options,
    }).run();
  }

  async answer(count = this.waiting.length): Promise<void> {
    for (const waiting of this.waiting.splice(0, count)) waiting.resolve();
    await turn();
  }

  async fail(message: string): Promise<void> {
    this.waiting.shift()?.reject(new Error(message));
    await turn();
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await turn();
  }
}

describe('a load without a rate', () => {
  it('a load without a rate makes the maximum number of concurrent calls, spread over the connections', async () => {
    const bench = new Bench(2, { parallel: 5 });
    expect(bench.waiting.map(({ connection }) => connection)).toEqual([0, 1, 0, 1, 0]);
    await bench.advance(3);
    await bench.answer(2);
    expect(bench.latencies).toEqual([3, 3]);
    expect(bench.waiting.map(({ connection }) => connection)).toEqual([0, 1, 0, 0, 1]);
    await bench.advance(997);
    await bench.answer();
    expect(await bench.result).toEqual({ milliseconds: 1000, started: 7, missed: 0, unanswered: 0 });
    expect(bench.clock.timers).toBe(0);
  });

  it('a load without a rate waits for the last answers and counts their latencies', async () => {
    const bench = new Bench(1, {});
    await bench.advance(1500);
    await bench.answer();
    expect(await bench.result).toMatchObject({ milliseconds: 1500, started: 1 });
    expect(bench.latencies).toEqual([1500]);
  });

  it('a load without a rate continues after a call that failed', async () => {
    const bench = new Bench(1, {});
    await bench.fail('no');
    expect(bench.waiting).toHaveLength(0);
    await bench.advance(0);
    expect(bench.waiting).toHaveLength(1);
    await bench.advance(1000);
    await bench.answer();
    expect(await bench.result).toMatchObject({ started: 2 });
    expect(bench.errors).toHaveLength(1);
  });

  it('a load without a rate skips a closed connection, and ends when all are closed', async () => {
    const bench = new Bench(2, { parallel: 4 });
    await bench.fail('gone');
    await bench.advance(0);
    expect(bench.waiting.map(({ connection }) => connection)).toEqual([1, 0, 1]);
    await bench.answer(2);
    expect(bench.waiting.map(({ connection }) => connection)).toEqual([1, 1]);
    await bench.fail('gone');
    await bench.fail('gone');
    expect(await bench.result).toMatchObject({ milliseconds: 0, started: 5, unanswered: 0 });
  });

  it('a load without a rate ends at once when it is interrupted', async () => {
    const bench = new Bench(3, {});
    await bench.advance(100);
    bench.controller.abort();
    expect(await bench.result).toEqual({ milliseconds: 100, started: 3, missed: 0, unanswered: 3 });
    await bench.answer();
    expect(bench.latencies).toEqual([]);
    expect(bench.clock.timers).toBe(0);
  });
});

describe('a load at a rate', () => {
  it('a load at a rate misses no call if its clock has fractions of milliseconds', async () => {
    // 1000.4 + 300 - 1000.4 is a little more than 300.
    const bench = new Bench(1, { rate: 100, parallel: 100, duration: 300, clock: new ManualClock(1000.4) });
    for (let passed = 0; passed < 300; passed += 10) await bench.advance(10);
    await bench.answer();
    expect(await bench.result).toMatchObject({ started: 30, missed: 0 });
  });

  it('a load at a rate starts calls when they are due, and no others', async () => {
    const bench = new Bench(1, { rate: 10, parallel: 100 });
    expect(bench.waiting).toHaveLength(1);
    await bench.advance(99);
    expect(bench.waiting).toHaveLength(1);
    await bench.advance(1);
    expect(bench.waiting).toHaveLength(2);
    for (let i = 0; i < 9; i++) await bench.advance(100);
    await bench.answer();
    expect(await bench.result).toMatchObject({ started: 10, missed: 0 });
  });

  it('a load at a rate measures latency from when a call was due, so that a pause of the kite delays all its calls', async () => {
    const bench = new Bench(1, { rate: 10, parallel: 1 });
    await bench.advance(500);
    for (let i = 0; i < 6; i++) await bench.answer(1);
    expect(bench.latencies).toEqual([500, 400, 300, 200, 100, 0]);
    await bench.advance(500);
    await bench.answer(1);
    expect(await bench.result).toMatchObject({ started: 7, missed: 3 });
  });

  it('a load at a rate reports how many calls started late because of a slow kite', async () => {
    const bench = new Bench(1, { rate: 1000, parallel: 2 });
    await bench.advance(1000);
    await bench.answer();
    expect(await bench.result).toMatchObject({ started: 2, missed: 998 });
  });
});
