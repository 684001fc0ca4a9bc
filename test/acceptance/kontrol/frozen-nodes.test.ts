import { describe, expect, it } from 'vitest';
import type { RegistryEntry } from '../../../src/lib/kontrol/registry/registry-entry.js';
import { kiteSettings } from '../../../src/lib/kite/config/kite-settings.js';
import { defaultTimings, foundWithoutNode } from '../../../src/lib/kontrol/registry/lease-timings.js';
import { channelLimits } from '../../../src/lib/transport/limits/transport-limits.js';
import { settled } from '../../helpers/kite/cores.js';
import { storeNode } from '../../helpers/kontrol/store-node.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';
import { FakeStorage } from '../../helpers/storage/fake-storage.js';
import { SuspendedStore } from '../../helpers/storage/suspended-store.js';

const KITE = 'x';

/** What happens to the first of two nodes, and to a kite that is connected to it. */
type Step =
  | 'freeze'
  | 'move'
  | 'refresh'
  | 'wake'
  | 'learn changes'
  | 'read heartbeat'
  | 'read close'
  | 'read loss'
  | 'end';

/** Steps of the former node that only a process that runs can make. */
const NEEDS_PROCESS: readonly Step[] = ['learn changes', 'read heartbeat', 'read close', 'read loss'];

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  );
}

/** Every order in which the node is frozen before it wakes, and reads nothing in between. */
function interleavings(disconnect: Step, isEnded: boolean): Step[][] {
  const steps: Step[] = ['freeze', 'move', 'refresh', 'wake', 'learn changes', 'read heartbeat', disconnect];
  return permutations(steps)
    .filter((order) => {
      const [frozen, woken] = [order.indexOf('freeze'), order.indexOf('wake')];
      return frozen < woken && order.slice(frozen, woken).every((step) => !NEEDS_PROCESS.includes(step));
    })
    .map((order) => (isEnded ? order.toSpliced(order.indexOf('move') + 1, 0, 'end') : order));
}

async function run(steps: readonly Step[], frozenFor: number): Promise<void> {
  const shared = new FakeStorage();
  const seen = new SuspendedStore(shared);
  const a = await storeNode(seen.storage, new ManualClock());
  const b = await storeNode(shared, new ManualClock());
  const former = await a.register(KITE);
  let latter: RegistryEntry | undefined;
  let frozenAt: number | undefined;
  let isEnded = false;
  let isClosed = false;
  let frozenCalls = 0;
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 10_000) {
      const step = Math.min(10_000, ms - passed);
      b.clock.advance(step);
      if (frozenAt === undefined) a.clock.advance(step);
      if (latter && !isEnded) b.registry.heartbeat(latter);
      else if (!latter && !isClosed && frozenAt === undefined) a.registry.heartbeat(former);
      await settled();
    }
  };
  const isHere = (): boolean => a.registry.get(KITE) === former && former.origin === 'connection';
  const actions: Record<Step, () => void | Promise<void>> = {
    freeze: () => {
      seen.suspend();
      frozenAt = b.clock.monotonic();
    },
    move: async () => {
      latter = await b.register(KITE);
    },
    refresh: () => pass(frozenFor),
    wake: async () => {
      const ms = b.clock.monotonic() - (frozenAt ?? 0);
      frozenAt = undefined;
      frozenCalls = seen.calls.length;
      a.clock.leap(ms);
      seen.resume();
      await settled();
    },
    'learn changes': () => seen.deliverChanges(),
    'read heartbeat': () => void a.registry.heartbeat(former),
    'read close': () => {
      isClosed = true;
      if (isHere()) a.registry.remove(former, 'left');
    },
    'read loss': () => {
      isClosed = true;
      if (!isHere()) return;
      a.registry.silence(former, a.clock.now());
      a.registry.endWithin(former, 15_000);
    },
    end: () => {
      isEnded = true;
      if (latter) b.registry.remove(latter, 'left');
    },
  };
  for (const step of steps) {
    await actions[step]();
    await settled();
    if (latter && !isEnded) expect([shared.stored.has(KITE), b.registry.get(KITE)]).toEqual([true, latter]);
  }
  seen.deliverChanges();
  await pass(4000);
  const isListed = (): boolean[] =>
    [a, b].map(
      ({ registry }) => registry.get(KITE)?.silentSince === undefined && registry.get(KITE) !== undefined,
    );
  if (!isEnded) expect(isListed()).toEqual([true, true]);
  // More than any lease.
  await pass(150_000);
  expect([shared.stored.has(KITE), ...isListed()]).toEqual([!isEnded, !isEnded, !isEnded]);
  const after = seen.calls.slice(frozenCalls);
  const wrote = after.findIndex((call) => ['refresh', 'delete', 'put', 'sweep'].includes(call));
  const [froze, passed, woke] = (['freeze', 'refresh', 'wake'] as const).map((step) => steps.indexOf(step));
  const wasFrozen =
    froze !== undefined && passed !== undefined && woke !== undefined && froze < passed && passed < woke;
  if (wasFrozen && wrote !== -1) expect(after.slice(0, wrote)).toContain('registrations');
  await Promise.all([a, b].map(({ replica }) => replica.close()));
  for (const { registry } of [a, b]) registry.close();
}

describe('a node that was frozen', () => {
  const cases = [6000, 110_000].flatMap((ms) =>
    (['read close', 'read loss'] as const).flatMap((disconnect) =>
      [false, true].map((isEnded) => [ms, disconnect, isEnded] as const),
    ),
  );
  it.each(cases)(
    'a kite that moves while its node is frozen for %d ms stays there in every order of events (%s, it ends there: %s)',
    async (ms, disconnect, isEnded) => {
      const all = interleavings(disconnect, isEnded);
      const failures: string[] = [];
      for (const steps of all)
        await run(steps, ms).catch((error: unknown) =>
          failures.push(`${steps.join(', ')}: ${String(error)}`),
        );
      expect(failures).toEqual([]);
      console.log(`${all.length} orders`);
    },
  );
});

it('the kites of a frozen node are found at the others until they have noticed, and have registered at one of them', async () => {
  const { idleTimeout } = channelLimits;
  // A kite looks three times per idle timeout whether its Kontrol is silent, and then dials at least every ten seconds.
  const moves = (idleTimeout * 4) / 3 + kiteSettings.handshakeTimeout.default + 10_000;
  expect(foundWithoutNode(defaultTimings)).toBeGreaterThanOrEqual(moves);
  const found: number[] = [];
  for (
    let refreshedFor = 0;
    refreshedFor <= defaultTimings.refresh + defaultTimings.probe;
    refreshedFor += 5000
  ) {
    const seen = new SuspendedStore(new FakeStorage());
    const a = await storeNode(seen.storage, new ManualClock());
    const b = await storeNode(seen.shared, new ManualClock());
    const entry = await a.register(KITE);
    for (let passed = 0; passed < refreshedFor; passed += 5000) {
      for (const { clock } of [a, b]) clock.advance(5000);
      a.registry.heartbeat(entry);
      await settled();
    }
    // The first node does not run any more.
    let ms = 0;
    for (; b.registry.get(KITE) !== undefined; ms += 5000) await b.pass(5000);
    found.push(ms);
  }
  expect(Math.min(...found)).toBeGreaterThanOrEqual(moves);
  expect(Math.max(...found)).toBeLessThanOrEqual(defaultTimings.storedLease + defaultTimings.handover + 5000);
  console.log(`found for ${Math.min(...found)} to ${Math.max(...found)} ms without their node`);
});
