import { type KeyPair, signJwt } from '../../../src/lib/keys/index.js';
import { Verifier, type VerifierOptions } from '../../../src/lib/kite/trust/verifier.js';
import { isKiteError } from '../../../src/lib/protocol/errors.js';
import { testIdentity, testKeyPair, testKiteKey, testToken } from './keys.js';
import { ManualClock } from '../process/manual-clock.js';

/** The key pair of the Kontrol that the kite under test trusts. */
export const kontrol: KeyPair = await testKeyPair(0);

/** The key pair of another Kontrol. */
export const stranger: KeyPair = await testKeyPair(1);

/** A verifier of the kite `/alice/prod/math`, at the start time of a ManualClock. */
export function setUpVerifier(options: Partial<VerifierOptions> = {}) {
  const clock = new ManualClock();
  const kiteKey = testKiteKey('alice', kontrol, clock);
  return { clock, kiteKey, verifier: new Verifier({ identity: testIdentity(), kiteKey, clock, ...options }) };
}

export function kiteKeyOf(username: string, keyPair = kontrol): { type: string; key: string } {
  return { type: 'kiteKey', key: testKiteKey(username, keyPair, new ManualClock()).jwt };
}

export function tokenOf(
  username: string,
  audience: string,
  keyPair = kontrol,
): { type: string; key: string } {
  return { type: 'token', key: testToken(username, audience, keyPair, new ManualClock()) };
}

/** Authentication with the given claims. */
export function signed(
  type: string,
  claims: Record<string, unknown>,
  keyPair = kontrol,
): { type: string; key: string } {
  return { type, key: signJwt(claims, keyPair.privateKey) };
}

/** The message of the rejection; fails if there is none, or another error. */
export function refusal(verifier: Verifier, auth: unknown): string {
  let error: unknown;
  try {
    void verifier.verify(auth);
    throw new Error('The caller was accepted');
  } catch (thrown) {
    error = thrown;
  }
  if (!isKiteError(error, 'authenticationError')) throw error;
  return error.message;
}

/** Claims of a token with which bob calls alice's kites for an hour. */
export function claimsWith(changes: Record<string, unknown>): Record<string, unknown> {
  const exp = new ManualClock().now() / 1000 + 3600;
  return { iss: 'kontrol', sub: 'bob', aud: '/alice', exp, ...changes };
}
