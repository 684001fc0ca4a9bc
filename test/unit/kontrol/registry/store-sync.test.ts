import { describe, expect, it } from 'vitest';
import { defaultTimings } from '../../../../src/lib/kontrol/registry/lease-timings.js';
import type { RegistryEntry } from '../../../../src/lib/kontrol/registry/registry-entry.js';
import { settled } from '../../../helpers/kite/cores.js';
import { FakeStorage } from '../../../helpers/storage/fake-storage.js';
import { findEntries } from '../../../helpers/kontrol/find-entries.js';
import { registration } from '../../../helpers/kontrol/kontrol.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';
import { storeNode } from '../../../helpers/kontrol/store-node.js';

describe('two nodes on one store', () => {
  it.each([-3_600_000, 3_600_000])(
    'two nodes on one store list a kite as long as it lives, and not longer, when their clocks are set by %d ms',
    async (change) => {
      const a = await storeNode();
      const b = await storeNode(a.storage, a.clock);
      const entry = await a.register('x');
      await settled();
      a.clock.adjust(change);
      await a.pass(3_600_000 / 10, () => a.registry.heartbeat(entry));
      expect(a.storage.stored.get('x')?.expiresAt).toBeGreaterThan(a.clock.now());
      expect(a.storage.stored.get('x')?.expiresAt).toBeLessThanOrEqual(
        a.clock.now() + defaultTimings.storedLease,
      );
      expect(findEntries(b.registry, { id: 'x' })).toHaveLength(1);
      // The first node has gone.
      await a.replica.close();
      a.registry.close();
      await b.pass(defaultTimings.storedLease + defaultTimings.handover + 5000);
      expect(findEntries(b.registry, { id: 'x' })).toHaveLength(0);
    },
  );

  it.each([45_000, -45_000, 600_000, -600_000])(
    'two nodes on one store without a clock list a kite as long as it lives when the clock of one is %d ms ahead',
    async (ahead) => {
      const a = await storeNode();
      const b = await storeNode(a.storage, new ManualClock(a.clock.now() + ahead));
      const [ofA, ofB] = [await a.register('a'), await b.register('b')];
      const pass = async (ms: number, isAlive = true): Promise<void> => {
        for (let passed = 0; passed < ms; passed += 5000) {
          for (const { clock } of [a, b]) clock.advance(5000);
          if (isAlive) a.registry.heartbeat(ofA);
          b.registry.heartbeat(ofB);
          await settled();
          if (isAlive) expect([a, b].map(({ registry }) => findEntries(registry, {}).length)).toEqual([2, 2]);
        }
      };
      await pass(600_000);
      // The stream of changes is interrupted.
      a.storage.emit({ type: 'reload' });
      await pass(120_000);
      expect([a, b].map(({ storeClock }) => Math.round(storeClock.ahead / 1000))).toEqual([
        ahead / 1000,
        -ahead / 1000,
      ]);
      // Nobody deletes what may not have expired.
      expect([a.storage.calls.includes('sweep'), a.storage.stored.size]).toEqual([false, 2]);
      await pass(60_000, false);
      expect([a, b].map(({ registry }) => findEntries(registry, {}).length)).toEqual([1, 1]);
    },
  );

  it('two nodes on one store with a clock write its time, whatever their own clocks say', async () => {
    const storage = new FakeStorage();
    const clock = new ManualClock();
    storage.time = () => clock.now();
    const a = await storeNode(storage, new ManualClock(clock.now() - 3_600_000));
    await a.register('x');
    expect(storage.stored.get('x')?.expiresAt).toBe(clock.now() + defaultTimings.storedLease);
    const b = await storeNode(storage, new ManualClock(clock.now() + 3_600_000));
    // Another user gets the id only when it has expired by the clock of the store.
    const theirs = { ...registration('x', { username: 'mallory' }), keyId: b.keyRing.signing.id };
    expect(await b.replica.register(theirs, 'connection')).toBe('taken');
    const pass = async (ms: number, entry?: RegistryEntry): Promise<boolean[]> => {
      for (let passed = 0; passed < ms; passed += 5000) {
        for (const each of [clock, a.clock, b.clock]) each.advance(5000);
        if (entry) a.registry.heartbeat(entry);
        await settled();
      }
      return [a, b].map(({ registry }) => registry.get('x') !== undefined);
    };
    expect(await pass(120_000, a.registry.get('x'))).toEqual([true, true]);
    expect(await pass(60_000)).toEqual([false, false]);
  });

  it('two nodes on one store find and remove the same kites', async () => {
    const a = await storeNode();
    const b = await storeNode(a.storage, a.clock);
    const entry = await a.register('x');
    expect(b.registry.get('x')).toMatchObject({ url: entry.url, origin: 'store' });
    a.registry.remove(entry, 'left');
    await settled();
    expect(b.registry.get('x')).toBeUndefined();
  });

  it('two nodes on one store keep a kite registered by heartbeats at either, and remove it when they stop', async () => {
    const a = await storeNode();
    const b = await storeNode(a.storage, a.clock);
    const entry = await a.register('x');
    await a.pass(600_000, () => a.registry.heartbeat(entry));
    expect(entry.origin).toBe('connection');
    expect(b.registry.get('x')).toBeDefined();
    await a.pass(35_000);
    expect(a.registry.get('x')).toBeUndefined();
    expect(b.registry.get('x')).toBeUndefined();
    expect(a.storage.stored.has('x')).toBe(false);
  });

  it('two nodes on one store refresh a connected kite once per minute at most', async () => {
    const a = await storeNode();
    const entry = await a.register('x');
    a.storage.calls.length = 0;
    await a.pass(600_000, () => a.registry.heartbeat(entry));
    const refreshes = a.storage.calls.filter((call) => call === 'refresh');
    expect(refreshes.length).toBeGreaterThanOrEqual(10);
    expect(refreshes.length).toBeLessThanOrEqual(15);
  });

  it('two nodes on one store let a kite move, and its previous node does not remove it', async () => {
    const a = await storeNode();
    const b = await storeNode(a.storage, a.clock);
    const former = await a.register('x');
    a.clock.advance(1000);
    const latter = await b.register('x');
    expect(former.origin).toBe('store');
    await a.pass(120_000, () => b.registry.heartbeat(latter));
    expect(a.registry.get('x')).toBeDefined();
    expect(b.registry.get('x')).toBe(latter);
  });

  it('two nodes on one store see that a kite is silent, that it returns, and that it is removed', async () => {
    const a = await storeNode();
    const b = await storeNode(a.storage, a.clock);
    const entry = await a.register('x');
    const since = a.clock.now();
    a.registry.silence(entry, since);
    await settled();
    expect(a.storage.stored.get('x')?.silentSince).toBe(since);
    expect(b.registry.get('x')?.silentSince).toBe(since);
    a.clock.advance(1000);
    await a.register('x');
    expect([entry.silentSince, entry.origin]).toEqual([undefined, 'connection']);
    expect(b.registry.get('x')?.silentSince).toBeUndefined();
    a.registry.silence(entry, a.clock.now());
    a.registry.endWithin(entry, 15_000);
    await a.pass(20_000);
    expect([a, b].map(({ registry }) => registry.get('x'))).toEqual([undefined, undefined]);
    expect(a.storage.stored.has('x')).toBe(false);
  });

  it('two nodes on one store do not see as silent a kite that has moved to the other one', async () => {
    const a = await storeNode();
    const b = await storeNode(a.storage, a.clock);
    const former = await a.register('x');
    a.clock.advance(1000);
    const latter = await b.register('x');
    // The mark arrives late, from a node that has not seen the registration.
    await a.storage.silence([
      { id: 'x', silentSince: a.clock.now(), expiresAt: former.storedExpiresAt - 1000 },
    ]);
    await settled();
    expect([former.silentSince, latter.silentSince]).toEqual([undefined, undefined]);
    expect([former.origin, latter.origin]).toEqual(['store', 'connection']);
  });

  it('two nodes on one store do not refresh a silent kite, and remove it although its node has ended', async () => {
    const a = await storeNode();
    const b = await storeNode(a.storage, a.clock);
    const entry = await a.register('x');
    await a.pass(60_000, () => a.registry.heartbeat(entry));
    a.registry.silence(entry, a.clock.now());
    await settled();
    const stored = a.storage.stored.get('x');
    await a.replica.close();
    a.registry.close();
    await b.pass(25_000);
    expect(b.registry.get('x')).toBeDefined();
    expect(a.storage.stored.get('x')).toEqual(stored);
    await b.pass(10_000);
    expect(b.registry.get('x')).toBeUndefined();
  });

  it('two nodes on one store do not restore a silent kite that the other one removed', async () => {
    const a = await storeNode();
    const entry = await a.register('x');
    a.registry.silence(entry, a.clock.now());
    await settled();
    await a.storage.delete('x', entry);
    await settled();
    expect(a.registry.get('x')).toBeUndefined();
    expect(a.storage.stored.has('x')).toBe(false);
  });

  it('two nodes on one store restore a connected kite that the other one removed', async () => {
    const a = await storeNode();
    const entry = await a.register('x');
    await a.storage.delete('x', entry);
    await settled();
    expect(a.storage.stored.has('x')).toBe(true);
    expect(a.registry.get('x')).toBeDefined();
  });

  it('two nodes on one store share their keys at once', async () => {
    const a = await storeNode();
    const b = await storeNode(a.storage, a.clock);
    const { id } = await a.keyRing.rotate();
    await settled();
    expect(b.keyRing.signing.id).toBe(id);
    await b.keyRing.revokeKiteKey('some-jti');
    await settled();
    expect(a.keyRing.revokedIds).toEqual(['some-jti']);
  });
});

it('a restart of Kontrol loses no kite: each has a lease to reconnect, and is removed afterwards', async () => {
  const a = await storeNode();
  await a.register('x');
  await a.replica.close();
  a.registry.close();
  // Longer than the lease in the store.
  a.clock.advance(3_600_000);
  const again = await storeNode(a.storage, a.clock);
  await again.pass(25_000);
  expect(again.registry.get('x')).toBeDefined();
  await again.pass(10_000);
  expect(again.registry.get('x')).toBeUndefined();
});

it('a restart of Kontrol loads ten thousand kites from the store', async () => {
  const storage = new FakeStorage();
  for (let i = 0; i < 10_000; i++)
    storage.stored.set(`id${i}`, registration(`id${i}`, { name: `n${i % 100}` }));
  const { registry } = await storeNode(storage);
  expect(findEntries(registry, { username: 'alice', environment: 'prod', name: 'n42' })).toHaveLength(100);
});

describe('a store that becomes unavailable', () => {
  it('an unavailable store fails registrations, queries work, and both recover', async () => {
    const a = await storeNode();
    const entry = await a.register('x');
    const b = await storeNode(a.storage, a.clock);
    a.storage.down = true;
    await a.pass(20_000, () => a.registry.heartbeat(entry));
    expect([a.replica.online, b.replica.online]).toEqual([false, false]);
    expect(await a.replica.probe()).toBe(false);
    await expect(a.register('y')).rejects.toThrow('cannot be reached');
    await a.pass(600_000, () => a.registry.heartbeat(entry));
    expect(findEntries(a.registry, { username: 'alice' })).toHaveLength(1);
    expect(findEntries(b.registry, { username: 'alice' })).toHaveLength(1);
    a.storage.down = false;
    await a.pass(20_000, () => a.registry.heartbeat(entry));
    expect([a.replica.online, b.replica.online]).toEqual([true, true]);
    await a.pass(200_000, () => a.registry.heartbeat(entry));
    expect(b.registry.get('x')).toBeDefined();
    await a.register('y');
    expect(b.registry.get('y')).toBeDefined();
  });

  it('an unavailable store gets the removals and lost entries when it recovers', async () => {
    const a = await storeNode();
    const [gone, stays] = [await a.register('gone'), await a.register('stays')];
    a.storage.down = true;
    await a.pass(15_000, () => a.registry.heartbeat(stays));
    a.registry.remove(gone, 'left');
    a.storage.stored.delete('stays');
    a.storage.down = false;
    await a.pass(20_000, () => a.registry.heartbeat(stays));
    expect([...a.storage.stored.keys()]).toEqual(['stays']);
    expect(a.registry.get('gone')).toBeUndefined();
  });

  it('a store that reports lost changes is read again', async () => {
    const a = await storeNode();
    const b = await storeNode(a.storage, a.clock);
    await a.register('x');
    a.storage.stored.set('y', { ...registration('y'), expiresAt: a.clock.now() + 90_000 });
    a.storage.stored.delete('x');
    a.storage.emit({ type: 'reload' });
    await settled();
    expect(b.registry.get('y')).toBeDefined();
    // It is connected to the other node, which has restored it.
    expect(a.storage.stored.has('x')).toBe(true);
  });

  it('an unavailable store fails the start of Kontrol with its reason', async () => {
    const storage = new FakeStorage();
    storage.down = true;
    await expect(storeNode(storage)).rejects.toThrow('cannot be reached');
  });
});
