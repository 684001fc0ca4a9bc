import { describe, expect, it, onTestFinished } from 'vitest';
import { MARK_INTERVAL } from '../../../../src/lib/kontrol/limits/kontrol-limits.js';
import { defaultTimings } from '../../../../src/lib/kontrol/registry/lease-timings.js';
import { LostKites } from '../../../../src/lib/kontrol/registry/lost-kites.js';
import type { RegistryEntry } from '../../../../src/lib/kontrol/registry/registry-entry.js';
import { Registry } from '../../../../src/lib/kontrol/registry/registry.js';
import { Backoff } from '../../../../src/lib/util/backoff.js';
import { type Logger, silentLogger } from '../../../../src/lib/util/logger.js';
import { registration } from '../../../helpers/kontrol/kontrol.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

const { grace, lease } = defaultTimings;

/** A registry whose kites are connected until `drop`, and again after `connect`. */
function setUp() {
  const clock = new ManualClock();
  const registry = new Registry({ clock, logger: silentLogger });
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (text: string) => void warnings.push(text) };
  const connected = new Set<string>();
  const lost = new LostKites({
    registry,
    timings: defaultTimings,
    clock,
    logger,
    isLost: ({ kite }) => !connected.has(kite.id),
    connected: () => connected.size,
  });
  onTestFinished(() => {
    lost.close();
    registry.close();
    expect(clock.timers).toBe(0);
  });
  const events: string[] = [];
  registry.on('register', ({ kite }) => events.push(`+${kite.id}`));
  registry.on('update', ({ kite, silentSince }) => events.push(`${silentSince ? '?' : '!'}${kite.id}`));
  registry.on('deregister', ({ kite }, why) => events.push(`-${kite.id} ${why}`));
  const connect = (...ids: string[]): RegistryEntry[] =>
    ids.map((id) => {
      connected.add(id);
      return registry.set(registration(id), 'connection');
    });
  const drop = (...entries: RegistryEntry[]): void => {
    for (const entry of entries) {
      connected.delete(entry.kite.id);
      for (const _ of lost.add([entry])) void _;
    }
  };
  return { clock, registry, events, warnings, connected, connect, drop, lost };
}

const many = (count: number): string[] => Array.from({ length: count }, (_, n) => `k${n}`);

describe('a kite whose connection drops', () => {
  it('a lost kite is silent at once, and is removed after the grace', () => {
    const { clock, registry, events, connect, drop } = setUp();
    const [entry] = connect('a') as [RegistryEntry];
    const droppedAt = clock.now();
    drop(entry);
    expect(entry.silentSince).toBe(droppedAt);
    expect(registry.silent).toBe(1);
    clock.advance(grace - 1);
    expect(registry.get('a')).toBe(entry);
    clock.advance(1);
    expect(registry.get('a')).toBeUndefined();
    clock.advance(2000);
    expect(events).toEqual(['+a', '?a', '-a lapsed']);
    expect(registry.silent).toBe(0);
  });

  it('a lost kite that registers again is not silent any more, and keeps its lease', () => {
    const { clock, registry, events, connect, drop } = setUp();
    const [entry] = connect('a') as [RegistryEntry];
    drop(entry);
    clock.advance(grace - 1);
    connect('a');
    expect(entry.silentSince).toBeUndefined();
    expect(registry.silent).toBe(0);
    clock.advance(lease - 1);
    expect(registry.get('a')).toBe(entry);
    expect(events).toEqual(['+a', '?a', '!a']);
  });

  it('a lost kite that has registered again before its turn is not marked', () => {
    const { clock, events, connect, lost } = setUp();
    const entries = connect('a');
    for (const _ of lost.add(entries)) void _;
    clock.advance(grace);
    expect(events).toEqual(['+a']);
  });

  it('a lost kite whose connection drops again and again is marked at most once in each interval', () => {
    const { clock, registry, events, connect, drop } = setUp();
    connect('a');
    for (let drops = 0; drops < 600; drops++) {
      drop(registry.get('a') as RegistryEntry);
      clock.advance(50);
      connect('a');
      clock.advance(50);
    }
    const marks = events.filter((event) => event === '?a').length;
    console.log(`${marks} marks of a kite that dropped 600 times within a minute`);
    expect(marks).toBeGreaterThanOrEqual(6);
    expect(marks).toBeLessThanOrEqual(60_000 / MARK_INTERVAL + 1);
    expect(events.filter((event) => event.startsWith('-'))).toEqual([]);
  });

  it('a lost kite that was marked a short time ago is marked later if it does not return, and removed in time', () => {
    const { clock, registry, events, connect, drop } = setUp();
    const [entry] = connect('a') as [RegistryEntry];
    drop(entry);
    clock.advance(1000);
    connect('a');
    drop(entry);
    expect(entry.silentSince).toBeUndefined();
    clock.advance(12_000);
    expect(entry.silentSince).toBeDefined();
    clock.advance(grace - 12_000);
    expect(registry.get('a')).toBeUndefined();
    clock.advance(2000);
    expect(events).toEqual(['+a', '?a', '!a', '?a', '-a lapsed']);
  });
});

describe('kites whose connections drop together', () => {
  it('most kites of a Kontrol that drop together are silent, and stay registered until their leases end', () => {
    const { clock, registry, warnings, connect, drop } = setUp();
    const entries = connect(...many(5000));
    drop(...entries.slice(0, 4000));
    expect(registry.silent).toBe(4000);
    clock.advance(grace + 2000);
    expect(registry.size).toBe(5000);
    expect(warnings).toEqual([
      'The connections of 4000 of 5000 kites dropped together: they stay registered until their leases end. Check the network of this Kontrol',
    ]);
    clock.advance(lease - grace);
    expect(registry.size).toBe(0);
  });

  it.each([
    [5, 5],
    [19, 19],
    [100, 50],
  ])('%2$i of %1$i kites that drop together are removed after the grace', (all, dropped) => {
    const { clock, registry, warnings, connect, drop } = setUp();
    const entries = connect(...many(all));
    drop(...entries.slice(0, dropped));
    expect(registry.silent).toBe(dropped);
    clock.advance(grace);
    expect(entries.slice(0, dropped).map(({ kite }) => registry.get(kite.id))).toEqual(
      Array.from({ length: dropped }),
    );
    expect(warnings).toEqual([]);
  });

  it('kites that drop together are compared with those that were connected before, also if their turns come late', () => {
    const { clock, registry, warnings, connected, connect, lost } = setUp();
    const entries = connect(...many(100)).slice(0, 40);
    const turns = entries.map((entry) => {
      connected.delete(entry.kite.id);
      return lost.add([entry]);
    });
    for (const steps of turns) for (const _ of steps) void _;
    clock.advance(grace);
    expect(entries.filter(({ kite }) => registry.get(kite.id))).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('kites that drop together once are removed after the grace if each of them drops alone later', () => {
    const { clock, registry, connect, drop } = setUp();
    const entries = connect(...many(30));
    drop(...entries);
    connect(...many(30));
    clock.advance(12_000);
    const [first] = entries as [RegistryEntry];
    registry.heartbeat(first);
    drop(first);
    clock.advance(grace);
    expect(registry.get('k0')).toBeUndefined();
  });
});

describe('the grace', () => {
  it('the grace is longer than any interruption of up to twelve seconds takes a kite to return, however it waits', () => {
    let longest = 0;
    for (let outage = 0; outage <= 12_000; outage += 100) {
      const backoff = new Backoff({ random: () => 0 });
      let time = 0;
      // A kite waits before its first attempt.
      do time += backoff.next();
      while (time < outage);
      longest = Math.max(longest, time);
    }
    console.log(`A kite returns at most ${longest} ms after its connection dropped`);
    // Dialing and registering take less than the rest.
    expect(longest).toBeLessThan(grace - 2000);
    // A kite that has waited longest dials within the grace as well.
    const backoff = new Backoff({ random: () => 0 });
    for (let attempt = 0; attempt < 20; attempt++) expect(backoff.next()).toBeLessThan(grace);
  });
});
