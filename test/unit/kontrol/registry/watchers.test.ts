import { describe, expect, it, onTestFinished } from 'vitest';
import type { RemoteFunction } from '../../../../src/lib/kite/call/remote-function.js';
import type { Request } from '../../../../src/lib/kite/serve/request.js';
import { defaultKontrolLimits } from '../../../../src/lib/kontrol/limits/kontrol-limits.js';
import { openPolicy } from '../../../../src/lib/kontrol/policy/policy.js';
import type { FairTurns, Steps } from '../../../../src/lib/kontrol/registry/fair-turns.js';
import { Registry } from '../../../../src/lib/kontrol/registry/registry.js';
import { type WatchEvent, Watchers } from '../../../../src/lib/kontrol/registry/watchers.js';
import type { Caller } from '../../../../src/lib/kontrol/tokens/caller.js';
import type { TokenIssuer } from '../../../../src/lib/kontrol/tokens/token-issuer.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { registration } from '../../../helpers/kontrol/kontrol.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

/** A watch of all kites of alice, and what it is notified of, such as `UPDATE a silent`. */
function setUp(changesPerUser = 10) {
  const clock = new ManualClock();
  const registry = new Registry({ clock, logger: silentLogger });
  onTestFinished(() => registry.close());
  const waiting: Steps<unknown>[] = [];
  const turns = { run: (_: string, steps: Steps<unknown>) => waiting.push(steps) };
  const watchers = new Watchers({
    registry,
    turns: turns as unknown as FairTurns,
    tokens: { issue: () => 'token' } as unknown as TokenIssuer,
    policy: openPolicy(),
    limits: { ...defaultKontrolLimits, changesPerUser },
    clock,
    logger: silentLogger,
    audit: undefined,
  });
  const closed: string[] = [];
  const events: string[] = [];
  const client = { on: () => () => {}, close: () => void closed.push('closed') };
  const callback = ({ result }: { readonly result: WatchEvent }): void => {
    const { action, kite, silentSince } = result;
    events.push([action, kite.id, ...(silentSince === undefined ? [] : ['silent'])].join(' '));
  };
  const caller = { type: 'kiteKey', username: 'alice', sessionEnd: Number.POSITIVE_INFINITY };
  const watch = (): string =>
    watchers.add(
      { client, username: 'alice' } as unknown as Request,
      caller as unknown as Caller,
      { username: 'alice' },
      callback as unknown as RemoteFunction,
    );
  /** Sends the notifications that wait. */
  const deliver = (): void => {
    for (const steps of waiting.splice(0)) for (const _ of steps) void _;
  };
  return { clock, registry, closed, events, watch, deliver };
}

const many = (count: number): string[] => Array.from({ length: count }, (_, n) => `k${n}`);

describe('a watch of kites that are silent', () => {
  it('a watch is notified that a kite is silent, that it has returned, and that it has gone', () => {
    const { clock, registry, events, watch, deliver } = setUp();
    watch();
    const entry = registry.set(registration('a'), 'connection');
    deliver();
    registry.silence(entry, clock.now());
    deliver();
    registry.set(registration('a'), 'connection');
    deliver();
    registry.silence(entry, clock.now());
    deliver();
    registry.remove(entry, 'lapsed');
    deliver();
    expect(events).toEqual(['REGISTER a', 'UPDATE a silent', 'UPDATE a', 'UPDATE a silent', 'DEREGISTER a']);
  });

  it('a watch is notified once of a kite that drops and returns while it waits for its turn, of how it is then', () => {
    const { clock, registry, events, closed, watch, deliver } = setUp();
    watch();
    const entry = registry.set(registration('a'), 'connection');
    deliver();
    for (let drops = 0; drops < 100; drops++) {
      registry.silence(entry, clock.now());
      registry.set(registration('a'), 'connection');
    }
    deliver();
    expect(events).toEqual(['REGISTER a', 'UPDATE a']);
    expect(closed).toEqual([]);
  });

  it('a watch keeps its connection when more kites drop together than changes may wait, and gets what matters', () => {
    const { clock, registry, events, closed, watch, deliver } = setUp(10);
    const entries = many(40).map((id) => registry.set(registration(id), 'connection'));
    watch();
    for (const entry of entries) registry.silence(entry, clock.now());
    deliver();
    expect(closed).toEqual([]);
    expect(events).toEqual(many(5).map((id) => `UPDATE ${id} silent`));
    events.length = 0;
    for (const entry of entries) {
      registry.set(registration(entry.kite.id), 'connection');
      deliver();
    }
    expect(events).toEqual(many(40).map((id) => `UPDATE ${id}`));
  });
});
