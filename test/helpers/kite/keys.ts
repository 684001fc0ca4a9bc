import {
  generateKeyPair,
  type KeyPair,
  newKiteKey,
  newToken,
  parseKiteKey,
} from '../../../src/lib/keys/index.js';
import type { KiteKey } from '../../../src/lib/keys/kite-key.js';
import type { KiteIdentity } from '../../../src/lib/protocol/identity.js';
import type { Clock } from '../../../src/lib/util/clock.js';

const made: Promise<KeyPair>[] = [];

/** Key pair number `index`: the same one each time, because creating one takes a fifth of a second. */
export function testKeyPair(index = 0): Promise<KeyPair> {
  return (made[index] ??= generateKeyPair());
}

export const KONTROL_URL = 'http://127.0.0.1:4000/kite';

/** A kite key of a Kontrol whose user is `kontrol`. */
export function testKiteKey(username: string, keyPair: KeyPair, clock: Clock): KiteKey {
  return parseKiteKey(
    newKiteKey({ username, kontrolUser: 'kontrol', kontrolUrl: KONTROL_URL, keyPair, clock }),
  );
}

/** A token of the same Kontrol. */
export function testToken(username: string, audience: string, keyPair: KeyPair, clock: Clock): string {
  return newToken({ issuer: 'kontrol', username, audience, privateKey: keyPair.privateKey, clock });
}

export function testIdentity(changes: Partial<KiteIdentity> = {}): KiteIdentity {
  return {
    name: 'math',
    username: 'alice',
    id: '5c095722-9a37-4267-bb8a-f53bf6b51ecf',
    environment: 'prod',
    region: 'eu',
    version: '1.0.0',
    hostname: 'vm',
    ...changes,
  };
}
