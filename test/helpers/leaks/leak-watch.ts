import { Connection } from '../../../src/lib/kite/call/connection.js';
import { ManualClock } from '../../../src/lib/testing/manual-clock.js';
import { systemClock, type Timer } from '../../../src/lib/util/clock.js';

/** How much of each kind is in use, by what an error calls it. */
export type Usage = ReadonlyMap<string, number>;

/** The kinds of resources by which Node says that something is still open. */
const RESOURCES: Readonly<Record<string, string>> = {
  TCPSocketWrap: 'sockets',
  TCPServerWrap: 'listening servers',
  PipeServerWrap: 'listening servers',
  PipeWrap: 'pipes',
  UDPWrap: 'UDP sockets',
  ProcessWrap: 'child processes',
  FSEventWrap: 'watched files',
};

interface Watched {
  readonly connections: Set<Connection>;
  readonly clocks: Set<ManualClock>;
  pendingCalls: number;
  timers: number;
}

const WATCHED = Symbol.for('kitectl.test.leaks');

/** What is watched in this process: one record, however often the module is loaded. */
function watched(): Watched {
  const holder = globalThis as { [WATCHED]?: Watched };
  return (holder[WATCHED] ??= watch());
}

/** Counts, from now on, what kites, connections and clocks of this process hold. */
function watch(): Watched {
  const state: Watched = { connections: new Set(), clocks: new Set(), pendingCalls: 0, timers: 0 };
  const { start, call } = Connection.prototype;
  Connection.prototype.start = function watchedStart(this: Connection): void {
    state.connections.add(this);
    // What a connection holds is gone with it, or is a leak for as long as the process runs.
    this.once('disconnect', () => void (this.handedCount === 0 && state.connections.delete(this)));
    start.call(this);
  };
  Connection.prototype.call = function watchedCall<Result>(
    this: Connection,
    ...args: Parameters<typeof call>
  ): Promise<Result> {
    state.pendingCalls++;
    const settled = (): void => void state.pendingCalls--;
    const result = call.apply(this, args) as Promise<Result>;
    result.then(settled, settled);
    return result;
  };
  const manual = ManualClock.prototype.setTimeout;
  ManualClock.prototype.setTimeout = function watchedTimeout(this: ManualClock, callback, ms): Timer {
    state.clocks.add(this);
    return manual.call(this, callback, ms);
  };
  const system = systemClock.setTimeout.bind(systemClock);
  systemClock.setTimeout = (callback, ms) => {
    let counted = 1;
    const over = (): void => {
      state.timers -= counted;
      counted = 0;
    };
    state.timers++;
    const timer = system(() => {
      over();
      callback();
    }, ms);
    return {
      cancel() {
        over();
        timer.cancel();
      },
    };
  };
  return state;
}

/** What is in use now. */
export function usage(): Usage {
  const { connections, clocks, pendingCalls, timers } = watched();
  const counts = new Map<string, number>();
  const add = (kind: string, count: number): void => {
    if (count !== 0) counts.set(kind, (counts.get(kind) ?? 0) + count);
  };
  for (const connection of connections) {
    add('callbacks', connection.handedCount);
    if (!connection.closed) add('open connections', 1);
  }
  add('pending calls', pendingCalls);
  add('callbacks', -pendingCalls);
  add('timers', timers);
  for (const clock of clocks) add('timers of a ManualClock', clock.timers);
  for (const kind of process.getActiveResourcesInfo()) {
    const name = RESOURCES[kind];
    if (name !== undefined) add(name, 1);
  }
  for (const event of process.eventNames()) {
    add(`process listeners of ${String(event)}`, process.listenerCount(event));
  }
  return counts;
}

/** Forgets the clocks of tests that are over: what is left on them was reported. */
export function forgetClocks(): void {
  watched().clocks.clear();
}

/** What there is more of than before, as `sockets: 2`. */
export function leaksSince(before: Usage, now: Usage = usage()): string[] {
  return Array.from(now, ([kind, count]) => [kind, count - (before.get(kind) ?? 0)] as const)
    .filter(([, more]) => more > 0)
    .map(([kind, more]) => `${kind}: ${more}`);
}

/** Milliseconds in which sockets and processes that were told to end must have ended. */
const GRACE = Number(process.env['LEAK_GRACE'] ?? 2000);

/** Resolves once nothing is left beyond `before`. Rejects with what is left after a while. */
export async function expectNoLeaks(before: Usage, what: string): Promise<void> {
  const until = performance.now() + GRACE;
  for (;;) {
    const leaks = leaksSince(before);
    if (leaks.length === 0) return;
    if (performance.now() > until) throw new Error(`${what} left ${leaks.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
