import { CallbackTable } from '../../../src/lib/dnode/callback-table.js';
import { Connection } from '../../../src/lib/kite/call/connection.js';
import { PendingCalls } from '../../../src/lib/kite/call/pending-calls.js';
import { ConnectionStreams } from '../../../src/lib/kite/streams/connection-streams.js';
import { StreamBudget } from '../../../src/lib/kite/streams/stream-budget.js';
import { ManualClock } from '../../../src/lib/testing/manual-clock.js';
import { type Clock, systemClock } from '../../../src/lib/util/clock.js';
import { ResourceTracker } from './resource-tracker.js';

const TRACKER = Symbol.for('kitectl.test.leaks');

/** The tracker of this process, of connections, pending calls, callbacks, streams and timers. */
export function trackResources(): ResourceTracker {
  const holder = globalThis as { [TRACKER]?: ResourceTracker };
  const tracker = (holder[TRACKER] ??= new ResourceTracker());
  // A test runner may load a module again, with new classes.
  if (!Object.hasOwn(Connection.prototype, TRACKER)) {
    Object.defineProperty(Connection.prototype, TRACKER, { value: true });
    trackConnections(tracker);
    trackCallbacks(tracker);
    trackRunning(tracker);
    trackStreams(tracker);
    const deadlines = exemptDeadlines();
    trackTimers(tracker, deadlines, ManualClock.prototype, 'ManualClock timer');
    trackTimers(tracker, deadlines, systemClock, 'timer');
  }
  return tracker;
}

function trackConnections(tracker: ResourceTracker): void {
  // oxlint-disable-next-line typescript/unbound-method
  const { start } = Connection.prototype;
  Connection.prototype.start = function trackedStart(this: Connection): void {
    this.once('disconnect', tracker.track('connection', `${this.role}, ${this.remoteAddress}`));
    start.call(this);
  };
}

/** Calls and functions that a peer can still answer or call: both are entries of a `CallbackTable`. */
function trackCallbacks(tracker: ResourceTracker): void {
  const tables = new WeakMap<CallbackTable<object>, Map<number, () => void>>();
  // oxlint-disable-next-line typescript/unbound-method
  const { add, delete: remove, clear } = CallbackTable.prototype;
  CallbackTable.prototype.add = function trackedAdd(this: CallbackTable<object>, entry: object): number {
    const number = add.call(this, entry);
    const release =
      typeof entry === 'function'
        ? tracker.track('callback', entry.name)
        : tracker.track('pending call', String((entry as { method?: unknown }).method));
    const releases = tables.get(this) ?? new Map<number, () => void>();
    tables.set(this, releases.set(number, release));
    return number;
  };
  CallbackTable.prototype.delete = function trackedDelete(this: CallbackTable<object>, number: number): void {
    remove.call(this, number);
    tables.get(this)?.get(number)?.();
    tables.get(this)?.delete(number);
  };
  CallbackTable.prototype.clear = function trackedClear(this: CallbackTable<object>): void {
    clear.call(this);
    for (const release of tables.get(this)?.values() ?? []) release();
    tables.delete(this);
  };
}

/** The calls that a peer can cancel. They do not count once it has disconnected: a handler may wait forever. */
function trackRunning(tracker: ResourceTracker): void {
  const releases = new WeakMap<object, () => void>();
  // oxlint-disable-next-line typescript/unbound-method
  const { track, untrack } = Connection.prototype;
  Connection.prototype.track = function trackedTrack(this: Connection, call, running): void {
    track.call(this, call, running);
    if (releases.has(running)) return;
    const release = tracker.track('running call', call.method);
    releases.set(running, release);
    this.once('disconnect', release);
  };
  Connection.prototype.untrack = function trackedUntrack(this: Connection, call, running): void {
    untrack.call(this, call, running);
    releases.get(running)?.();
  };
}

/** The streams that are sent, and what a connection has promised to those that it receives. */
function trackStreams(tracker: ResourceTracker): void {
  // oxlint-disable-next-line typescript/unbound-method
  const { start } = ConnectionStreams.prototype;
  ConnectionStreams.prototype.start = function trackedStart(this: ConnectionStreams, ...args) {
    const started = start.apply(this, args);
    const release = tracker.track('stream', `function ${args[3]}`);
    started.done.then(release, release);
    return started;
  };
  const windows = new WeakMap<object, () => void>();
  const arrived = new WeakMap<StreamBudget, { size: number; release: () => void }>();
  // oxlint-disable-next-line typescript/unbound-method
  const { open, close, add, remove } = StreamBudget.prototype;
  StreamBudget.prototype.open = function trackedOpen(this: StreamBudget) {
    const window = open.call(this);
    windows.set(window, tracker.track('window of a stream', `${window.bytes} bytes`));
    return window;
  };
  StreamBudget.prototype.close = function trackedClose(this: StreamBudget, window): void {
    close.call(this, window);
    windows.get(window)?.();
  };
  const count = (budget: StreamBudget, size: number): void => {
    const sum = arrived.get(budget) ?? { size: 0, release: () => undefined };
    arrived.set(budget, sum);
    if (sum.size === 0 && size > 0) sum.release = tracker.track('items of streams', 'not taken');
    sum.size += size;
    if (sum.size === 0) sum.release();
  };
  StreamBudget.prototype.add = function trackedAdd(this: StreamBudget, size: number): boolean {
    count(this, size);
    return add.call(this, size);
  };
  StreamBudget.prototype.remove = function trackedRemove(this: StreamBudget, size: number): void {
    count(this, -size);
    remove.call(this, size);
  };
}

/** Runs a function. Timers that it sets, and timers that their callbacks set, are not tracked. */
type Exempt = <Result>(run: () => Result) => Result;

/**
 * Exempts the timer for the deadlines of a connection. It stays set after its calls have ended, because a timer for each call
 * is slower, and ends with the connection. A test that calls over a shared connection does not have to wait for it.
 */
function exemptDeadlines(): { readonly exempt: Exempt; readonly active: () => boolean } {
  let active = false;
  const exempt: Exempt = (run) => {
    const before = active;
    active = true;
    try {
      return run();
    } finally {
      active = before;
    }
  };
  // oxlint-disable-next-line typescript/unbound-method
  const { open } = PendingCalls.prototype;
  PendingCalls.prototype.open = function exemptOpen(this: PendingCalls, call): number {
    return exempt(() => open.call(this, call));
  };
  return { exempt, active: () => active };
}

function trackTimers(
  tracker: ResourceTracker,
  { exempt, active }: ReturnType<typeof exemptDeadlines>,
  clock: Pick<Clock, 'setTimeout'>,
  kind: string,
): void {
  // oxlint-disable-next-line typescript/unbound-method
  const { setTimeout } = clock;
  clock.setTimeout = function trackedTimeout(this: Clock, callback, ms) {
    if (active()) return setTimeout.call(this, () => exempt(callback), ms);
    const release = tracker.track(kind, `${ms} ms`);
    const timer = setTimeout.call(
      this,
      () => {
        release();
        callback();
      },
      ms,
    );
    return {
      cancel() {
        release();
        timer.cancel();
      },
    };
  };
}
