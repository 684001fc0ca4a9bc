import { describe, expect, it } from 'vitest';
import { INSTANCE_DEATHS } from '../../../../src/lib/cli/runtime/command-limits.js';
import type { InstanceCommand, InstanceReport } from '../../../../src/lib/cli/runtime/instance-link.js';
import type { InstanceListeners } from '../../../../src/lib/cli/serve/instance-process.js';
import { STABLE_TIME, Supervisor } from '../../../../src/lib/cli/serve/supervisor.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

const READY: InstanceReport = { type: 'ready', url: 'http://127.0.0.1:1/kite', kite: '/bob' };

/** An instance that does what the test says. */
class FakeInstance {
  readonly number: number;
  readonly pid: number;
  readonly received: (InstanceCommand | 'release' | 'SIGTERM' | 'SIGKILL')[] = [];
  readonly #listeners: InstanceListeners;

  constructor(number: number, pid: number, listeners: InstanceListeners) {
    this.number = number;
    this.pid = pid;
    this.#listeners = listeners;
  }

  report(report: InstanceReport): void {
    this.#listeners.reported(report);
  }

  becomeReady(): void {
    this.report({ type: 'listening' });
    this.report(READY);
  }

  exit(how = 'exit code 0'): void {
    this.#listeners.ended({ clean: how === 'exit code 0', how });
  }

  command(command: InstanceCommand): void {
    this.received.push(command);
  }

  release(): void {
    this.received.push('release');
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.received.push(signal);
  }
}

interface Supervised {
  readonly supervisor: Supervisor;
  readonly clock: ManualClock;
  readonly started: FakeInstance[];
  readonly ready: number[];
  readonly lines: string[];
  readonly abort: () => void;
  /** What `run` has resolved or rejected with. */
  readonly outcome: Promise<unknown>;
  /** The instance with a number that was started last. */
  readonly last: (number: number) => FakeInstance;
}

function supervise(instances: number): Supervised {
  const clock = new ManualClock();
  const started: FakeInstance[] = [];
  const ready: number[] = [];
  const lines: string[] = [];
  const note = (message: string): void => void lines.push(message);
  const supervisor = new Supervisor({
    instances,
    start: (number, listeners) => {
      const instance = new FakeInstance(number, 100 + started.length, listeners);
      started.push(instance);
      return instance;
    },
    ready: (number) => void ready.push(number),
    endTimeout: 20_000,
    clock,
    logger: { info: note, warn: note, error: note },
    random: () => 0,
  });
  let abort: () => void = () => {};
  const aborted = new Promise<void>((resolve) => {
    abort = resolve;
  });
  const outcome = supervisor.run(aborted).catch((error: unknown) => error);
  const last = (number: number): FakeInstance => {
    const found = started.findLast((instance) => instance.number === number);
    if (!found) throw new Error(`Instance ${number} was not started`);
    return found;
  };
  return { supervisor, clock, started, ready, lines, abort, outcome, last };
}

const numbers = ({ started }: Supervised): readonly number[] => started.map(({ number }) => number);
const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('the supervisor of instances', () => {
  it('the supervisor starts all instances, and ends all of them when the command ends', async () => {
    const all = supervise(2);
    expect(numbers(all)).toEqual([1, 2]);
    for (const instance of all.started) instance.becomeReady();
    expect(all.ready).toEqual([1, 2]);
    all.abort();
    await settle();
    for (const instance of all.started) {
      expect(instance.received).toEqual(['end']);
      instance.exit();
    }
    expect(await all.outcome).toBeUndefined();
  });

  it('the supervisor starts an instance again that ends, with delays that grow until it has run for a while', () => {
    const all = supervise(2);
    for (const instance of all.started) instance.becomeReady();
    all.clock.advance(STABLE_TIME);
    for (const delay of [200, 400, 800, 1600]) {
      all.last(1).exit('killed by SIGKILL');
      expect(all.lines.at(-1)).toMatch(
        /^Instance 1 \(process \d+\) ended: killed by SIGKILL\. It starts again in /,
      );
      const before = all.started.length;
      all.clock.advance(delay - 1);
      expect(all.started).toHaveLength(before);
      all.clock.advance(1);
      expect(all.started).toHaveLength(before + 1);
      all.last(1).becomeReady();
    }
    all.clock.advance(STABLE_TIME);
    all.last(1).exit();
    all.clock.advance(200);
    expect(numbers(all)).toEqual([1, 2, 1, 1, 1, 1, 1]);
  });

  it('an instance is started again at most every 30 seconds while it cannot start, if others run', () => {
    const all = supervise(2);
    for (const instance of all.started) instance.becomeReady();
    all.clock.advance(STABLE_TIME);
    for (let death = 0; death < 20; death++) {
      all.last(1).report({
        type: 'failed',
        failure: {
          message: 'The port is in use.',
          exitCode: 3,
          type: 'configuration',
          code: '',
          hint: '',
          operation: '',
        },
      });
      all.last(1).exit('exit code 3');
      expect(all.lines.at(-1)).toContain('ended: The port is in use. It starts again in');
      const before = all.started.length;
      all.clock.advance(30_000);
      expect(all.started.length).toBe(before + 1);
    }
    expect(all.last(2).received).toEqual([]);
  });

  it('an instance that fails before it was ready once ends the command, with its own error', async () => {
    const all = supervise(3);
    all.last(1).becomeReady();
    const failure = {
      message: 'No kite key',
      exitCode: 3,
      type: 'configuration',
      code: 'c',
      hint: 'Get one.',
      operation: '',
    };
    all.last(2).report({ type: 'failed', failure });
    all.last(2).exit('exit code 3');
    await settle();
    expect([all.last(1).received, all.last(3).received]).toEqual([['release'], ['release']]);
    all.last(1).exit();
    all.last(3).exit('exit code 143');
    expect(await all.outcome).toMatchObject(failure);
    expect(numbers(all)).toEqual([1, 2, 3]);
  });

  it('an instance that ends before it listened ends the command, with a hint', async () => {
    const all = supervise(1);
    all.last(1).exit('killed by SIGSEGV');
    expect(await all.outcome).toMatchObject({
      type: 'instance',
      exitCode: 1,
      message: 'Instance 1 ended before it listened: killed by SIGSEGV.',
      hint: expect.stringContaining('without --instances') as string,
    });
  });

  it('an instance that ends again and again before any has run for a while ends the command', async () => {
    const all = supervise(2);
    all.last(2).becomeReady();
    for (let death = 0; death < INSTANCE_DEATHS; death++) {
      all.last(1).becomeReady();
      all.last(1).exit('exit code 7');
      const before = all.started.length;
      // Not all of the time of the longest delay: then the other one would have run for a while.
      all.clock.advance(200 * 2 ** death);
      expect(all.started).toHaveLength(before + 1);
    }
    expect(all.last(2).received).toEqual([]);
    all.last(1).becomeReady();
    all.last(1).exit('exit code 7');
    await settle();
    all.last(2).exit();
    expect(await all.outcome).toMatchObject({
      type: 'instance',
      exitCode: 1,
      message: `Instance 1 ended ${INSTANCE_DEATHS + 1} times in a row, each time within 10s after its start, at last: exit code 7.`,
    });
  });

  it('instances that do not end are killed, and the command fails', async () => {
    const all = supervise(2);
    for (const instance of all.started) instance.becomeReady();
    all.abort();
    await settle();
    all.last(2).exit();
    all.clock.advance(20_000);
    expect(all.last(1).received).toEqual(['end', 'SIGKILL']);
    all.last(1).exit('killed by SIGKILL');
    expect(await all.outcome).toMatchObject({
      type: 'instance',
      message: 'Instance 1 did not finish its calls: it was killed because it had not ended after 20s.',
    });
  });

  it('the command fails if an instance crashes instead of ending', async () => {
    const all = supervise(2);
    all.last(1).becomeReady();
    all.abort();
    await settle();
    all.last(1).exit('exit code 7');
    // It was still starting.
    all.last(2).exit('exit code 143');
    expect(await all.outcome).toMatchObject({ message: 'Instance 1 did not finish its calls: exit code 7.' });
  });

  it('no instance is started again after the command was told to end', async () => {
    const all = supervise(1);
    all.last(1).becomeReady();
    all.last(1).exit('killed by SIGKILL');
    all.abort();
    expect(await all.outcome).toBeUndefined();
    all.clock.advance(60_000);
    expect(all.started).toHaveLength(1);
  });

  it('a second signal releases the instances, and kills those that do not end within two seconds', async () => {
    const all = supervise(2);
    for (const instance of all.started) instance.becomeReady();
    all.abort();
    await settle();
    const ended = all.supervisor.endAtOnce();
    all.last(1).exit('exit code 143');
    all.clock.advance(2000);
    expect(all.last(1).received).toEqual(['end', 'release', 'SIGTERM']);
    expect(all.last(2).received).toEqual(['end', 'release', 'SIGTERM', 'SIGKILL']);
    all.last(2).exit('killed by SIGKILL');
    await ended;
  });

  it('the supervisor passes a reload and the switch of debug messages on to every instance', () => {
    const all = supervise(2);
    all.supervisor.reload();
    all.supervisor.toggleDebug();
    expect(all.started.map(({ received }) => received)).toEqual([
      ['reload', 'toggleDebug'],
      ['reload', 'toggleDebug'],
    ]);
  });
});
