import { Credentials } from '../../../src/lib/kontrol/tokens/credentials.js';
import { KeyRing } from '../../../src/lib/kontrol/tokens/key-ring.js';
import { openPolicy } from '../../../src/lib/kontrol/policy/policy.js';
import type { Caller } from '../../../src/lib/kontrol/tokens/caller.js';
import { TokenIssuer } from '../../../src/lib/kontrol/tokens/token-issuer.js';
import { KONTROL_URL, testIdentity, testKeyPair } from '../kite/keys.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { ManualClock } from '../process/manual-clock.js';
import { FakeStorage } from '../storage/fake-storage.js';
import { defaultKontrolLimits, type KontrolLimits } from '../../../src/lib/kontrol/limits/kontrol-limits.js';

/** A user with a kite key, for which tokens are issued. */
export function callerNamed(username: string, changes: Partial<Caller> = {}): Caller {
  const issuedAt = new ManualClock().now();
  return {
    type: 'kiteKey',
    username,
    kiteKeyId: `key of ${username}`,
    issuedAt,
    sessionEnd: Number.POSITIVE_INFINITY,
    ...changes,
  };
}

export async function setUpKeyRing(
  storage = new FakeStorage(),
  initial = true,
  changes: Partial<KontrolLimits> = {},
) {
  const limits = { ...defaultKontrolLimits, ...changes };
  const clock = new ManualClock();
  const keyPair = await testKeyPair(0);
  const keyRing = new KeyRing({
    storage,
    clock,
    logger: silentLogger,
    kontrolUser: 'kontrol',
    kontrolUrl: () => KONTROL_URL,
    ...(initial && { initial: keyPair }),
  });
  await keyRing.open();
  const identity = testIdentity({ username: 'kontrol', name: 'kontrol', environment: 'unknown' });
  const credentials = new Credentials({ keyRing, identity, limits, clock });
  let signed = 0;
  const tokens = new TokenIssuer({
    keyRing,
    identity,
    policy: openPolicy(),
    issuer: 'kontrol',
    limits,
    clock,
    onSign: () => signed++,
  });
  return { clock, storage, keyPair, keyRing, credentials, tokens, signatures: () => signed };
}
