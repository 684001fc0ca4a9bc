import { onTestFinished } from 'vitest';
import { defaultKontrolLimits } from '../../../src/lib/kontrol/limits/kontrol-limits.js';
import { CredentialUses } from '../../../src/lib/kontrol/tokens/credential-uses.js';
import { KeyRing } from '../../../src/lib/kontrol/tokens/key-ring.js';
import { Registry } from '../../../src/lib/kontrol/registry/registry.js';
import { StoreClock } from '../../../src/lib/kontrol/registry/store-clock.js';
import { StoreSync } from '../../../src/lib/kontrol/registry/store-sync.js';
import { defaultTimings } from '../../../src/lib/kontrol/registry/lease-timings.js';
import type { Storage } from '../../../src/lib/kontrol/storage/shared/storage.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { settled } from '../kite/cores.js';
import { KONTROL_URL, testKeyPair } from '../kite/keys.js';
import { ManualClock } from '../process/manual-clock.js';
import { FakeStorage } from '../storage/fake-storage.js';
import { registration } from './kontrol.js';

/** The parts of a Kontrol that use its store. */
export async function storeNode<Store extends Storage = FakeStorage>(
  storage: Store = new FakeStorage() as Storage as Store,
  clock = new ManualClock(),
) {
  const storeClock = new StoreClock(clock, silentLogger);
  const registry = new Registry({ clock: storeClock, logger: silentLogger });
  const initial = await testKeyPair(0);
  const kontrolUrl = (): string => KONTROL_URL;
  const keyRing = new KeyRing({
    storage,
    clock,
    logger: silentLogger,
    kontrolUser: 'kontrol',
    kontrolUrl,
    initial,
  });
  const uses = new CredentialUses({ storage, limits: defaultKontrolLimits, clock });
  const replica = new StoreSync({
    storage,
    registry,
    keyRing,
    uses,
    timings: defaultTimings,
    storeClock,
    logger: silentLogger,
  });
  onTestFinished(async () => {
    await replica.close();
    registry.close();
  });
  await replica.open();
  const register = async (id: string) => {
    const entry = await replica.register({ ...registration(id), keyId: keyRing.signing.id }, 'connection');
    if (entry === 'taken') throw new Error(`${id} is taken`);
    return entry;
  };
  /** Advances the clock in steps, between which promises run. */
  const pass = async (ms: number, each: () => void = () => {}): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 5000) {
      clock.advance(5000);
      each();
      await settled();
    }
  };
  return { storage, clock, storeClock, registry, keyRing, replica, register, pass };
}
