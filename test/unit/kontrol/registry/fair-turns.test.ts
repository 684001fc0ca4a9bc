import { describe, expect, it } from 'vitest';
import { FairTurns, type Steps } from '../../../../src/lib/kontrol/registry/fair-turns.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Work of `count` steps that writes each of them to `log`. */
function* work(name: string, count: number, log: string[]): Steps<string> {
  for (let step = 1; step <= count; step++) {
    log.push(`${name}${step}`);
    if (step < count) yield undefined;
  }
  return name;
}

/** Work for all users of `count` steps. */
function* sharedWork(count: number, log: string[]): Steps<void> {
  for (let step = 0; step < count; step++) {
    log.push('shared');
    yield undefined;
  }
}

describe('fair turns', () => {
  it('short work runs at once if no other user waits', () => {
    const turns = new FairTurns();
    expect(turns.run('bob', work('a', 3, []))).toBe('a');
  });

  it('an error of short work is thrown', () => {
    const turns = new FairTurns();
    // oxlint-disable-next-line require-yield -- it fails at once
    function* failing(): Steps<void> {
      throw new Error('no');
    }
    expect(() => turns.run('bob', failing())).toThrow('no');
  });

  it('long work makes a few steps in each turn of the event loop', async () => {
    const turns = new FairTurns();
    const log: string[] = [];
    const done = turns.run('bob', work('a', 100, log));
    const counts: number[] = [];
    while (log.length < 100) {
      counts.push(log.length);
      await turn();
    }
    expect(Math.max(...counts.map((count, index) => count - (counts[index - 1] ?? 0)))).toBe(8);
    expect(await done).toBe('a');
  });

  it('short work of one user ends before the long work of another that began earlier', async () => {
    const turns = new FairTurns();
    const log: string[] = [];
    const ended: string[] = [];
    const all = [
      ...Array.from({ length: 20 }, (_, n) => ['mallory', `long ${n} `, 100] as const),
      ['alice', 'short ', 3] as const,
    ].map(async ([user, name, steps]) => ended.push(await turns.run(user, work(name, steps, log))));
    await Promise.all(all);
    expect(ended[0]).toBe('short ');
    expect(log.indexOf('short 3')).toBeLessThan(20);
  });

  it('the work of one user is done in order', async () => {
    const turns = new FairTurns();
    const log: string[] = [];
    await Promise.all(['a', 'b', 'c'].map(async (name) => turns.run('bob', work(name, 10, log))));
    expect(log.map((entry) => entry[0]).join('')).toBe('a'.repeat(10) + 'b'.repeat(10) + 'c'.repeat(10));
  });

  it('work that waits for a promise holds up its own user only, also if the promise rejects', async () => {
    const turns = new FairTurns();
    let fail: (error: Error) => void = () => undefined;
    const wait = new Promise<void>((_resolve, reject) => (fail = reject));
    function* waiting(): Steps<string> {
      yield wait;
      return 'resumed';
    }
    const first = turns.run('bob', waiting());
    const log: string[] = [];
    const second = turns.run('bob', work('b', 1, log));
    expect(await turns.run('alice', work('a', 1, log))).toBe('a');
    expect(log).toEqual(['a1']);
    fail(new Error('no'));
    expect(await Promise.all([first, second])).toEqual(['resumed', 'b']);
  });

  it('an error of long work rejects its promise, and the next work of the user is done', async () => {
    const turns = new FairTurns();
    function* failing(): Steps<void> {
      for (let step = 0; step < 20; step++) yield undefined;
      throw new Error('no');
    }
    const failed = turns.run('bob', failing());
    const next = turns.run('bob', work('b', 1, []));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('b');
  });

  it('a user enters when it is its turn', async () => {
    const turns = new FairTurns();
    const log: string[] = [];
    const first = turns.run('bob', work('a', 20, log));
    await turns.enter('bob');
    expect(log).toHaveLength(20);
    await first;
  });

  it('work for all users makes every second step while users have work, and all steps otherwise', async () => {
    const turns = new FairTurns();
    const log: string[] = [];
    turns.share(sharedWork(100, log));
    const users = ['alice', 'bob', 'carol'];
    await Promise.all(users.map(async (user) => turns.run(user, work(user, 20, log))));
    // The first user begins at once.
    const begun = log.indexOf('shared');
    const mixed = log.slice(
      begun,
      log.findLastIndex((entry) => entry !== 'shared'),
    );
    expect(mixed.filter((entry) => entry === 'shared').length).toBeCloseTo(mixed.length / 2, -1);
    expect(mixed.some((entry, index) => entry === 'shared' && mixed[index + 1] === 'shared')).toBe(false);
    const counts: number[] = [log.length];
    while (log.length < 160) {
      await turn();
      counts.push(log.length);
    }
    expect(Math.max(...counts.map((count, index) => count - (counts[index - 1] ?? count)))).toBe(8);
  });

  it('work of a user begins in the turn after next at the latest while there is work for all users', async () => {
    const turns = new FairTurns();
    const log: string[] = [];
    turns.share(sharedWork(1000, log));
    await turn();
    await turn();
    const before = log.length;
    await turns.enter('alice');
    expect([before > 0, log.length - before <= 16]).toEqual([true, true]);
    while (log.length < 1000) await turn();
    await turn();
  });
});
