import { describe, expect, it } from 'vitest';
import { newToken, parseKiteKey } from '../../../../src/lib/keys/index.js';
import { RevokedIds } from '../../../../src/lib/keys/revoked-ids.js';
import { KontrolTrust } from '../../../../src/lib/kite/trust/kontrol-trust.js';
import type { VerifierOptions } from '../../../../src/lib/kite/trust/verifier.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { FakeCredentialHolder } from '../../../helpers/kite/fake-credential-holder.js';
import { testKeyPair, testKiteKey } from '../../../helpers/kite/keys.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';
import {
  kiteKeyOf,
  kontrol as first,
  refusal,
  setUpVerifier,
  tokenOf,
} from '../../../helpers/kite/verifier.js';

const HOUR = 3_600_000;
const second = await testKeyPair(1);
const third = await testKeyPair(2);

const NOT_TRUSTED = 'kiteKey: it is signed by a Kontrol that this kite does not trust';
const REVOKED =
  "kiteKey: Kontrol has revoked the key pair that signed this kite's kite key, so it cannot verify callers; get a new one with: kitectl register --force";

/** A kite with a key of Kontrol's first pair. */
function setUp(options: Partial<VerifierOptions> = {}) {
  const { verifier, clock, kiteKey } = setUpVerifier(options);
  const logged: string[] = [];
  const connections: FakeCredentialHolder[] = [];
  const call = (auth: unknown): FakeCredentialHolder => {
    const connection = new FakeCredentialHolder();
    void verifier.verify(auth, connection);
    connections.push(connection);
    return connection;
  };
  const logger = {
    ...silentLogger,
    warn: (text: string) => logged.push(text),
    error: (text: string) => logged.push(text),
  };
  const trust = new KontrolTrust({
    verifier,
    kiteKey,
    endRevoked: () => verifier.endRevoked(connections),
    clock,
    logger,
  });
  const use = (pair: typeof first): void => trust.use(testKiteKey('alice', pair, clock).jwt);
  const trusts = (pair: typeof first): boolean => {
    try {
      void verifier.verify(kiteKeyOf('alice', pair));
      return true;
    } catch {
      return false;
    }
  };
  return { verifier, clock, kiteKey, trust, use, trusts, logged, call };
}

describe('a kite that gets a new kite key', () => {
  it('a kite with a new kite key trusts the previous pair until its last token has expired', () => {
    const { clock, use, trusts, verifier } = setUp();
    use(second);
    expect([trusts(first), trusts(second)]).toEqual([true, true]);
    clock.advance(48 * HOUR + 5 * 60_000 - 1);
    expect(trusts(first)).toBe(true);
    clock.advance(1);
    expect([trusts(first), trusts(second)]).toEqual([false, true]);
    expect(refusal(verifier, kiteKeyOf('alice', first))).toBe(NOT_TRUSTED);
    expect(clock.timers).toBe(0);
  });

  it('a kite with a new kite key trusts each previous pair for a separate period', () => {
    const { clock, use, trusts } = setUp();
    use(second);
    clock.advance(24 * HOUR);
    use(third);
    expect([trusts(first), trusts(second), trusts(third)]).toEqual([true, true, true]);
    clock.advance(24 * HOUR + 5 * 60_000);
    expect([trusts(first), trusts(second), trusts(third)]).toEqual([false, true, true]);
    clock.advance(24 * HOUR);
    expect([trusts(first), trusts(second), trusts(third)]).toEqual([false, false, true]);
  });

  it('a kite with another key of the same pair trusts the same pairs', () => {
    const { clock, use, trusts } = setUp();
    use(first);
    expect(clock.timers).toBe(0);
    expect(trusts(first)).toBe(true);
  });

  it('a kite trusts a previous pair that becomes current again', () => {
    const { clock, use, trusts } = setUp();
    use(second);
    use(first);
    clock.advance(49 * HOUR);
    expect([trusts(first), trusts(second)]).toEqual([true, false]);
  });

  it('a kite stops trusting the previous pair when Kontrol revokes it, in any PEM formatting', () => {
    const { clock, trust, use, trusts, verifier, logged } = setUp();
    use(second);
    const token = tokenOf('bob', '/alice', first);
    expect(verifier.verify(token)).toHaveProperty('username', 'bob');
    trust.revoke(['no key', third.publicKey]);
    expect([trusts(first), logged]).toEqual([true, []]);
    trust.revoke([first.publicKey.replaceAll('\n', '\r\n')]);
    expect([trusts(first), trusts(second)]).toEqual([false, true]);
    expect(refusal(verifier, token)).toBe('token: token is expired');
    expect(logged).toEqual([expect.stringContaining('revoked')]);
    expect(clock.timers).toBe(0);
  });

  it('a kite never accepts a revoked pair that it has not trusted, although the check of its program does', () => {
    const { trust, trusts, call } = setUp({ acceptKontrolKey: () => true });
    expect(trusts(third)).toBe(true);
    const connection = call(kiteKeyOf('alice', third));
    const spaced = third.publicKey.replaceAll('\n', '\r\n');
    trust.revoke(['no key', spaced, spaced]);
    expect(trusts(third)).toBe(false);
    expect(trusts(second)).toBe(true);
    expect(connection.close).toHaveBeenCalledOnce();
  });

  it('a kite does not trust a revoked pair again when it gets another key', () => {
    const { trust, use, trusts } = setUp();
    use(second);
    trust.revoke([first.publicKey, second.publicKey]);
    use(third);
    expect([trusts(first), trusts(second), trusts(third)]).toEqual([false, false, true]);
  });
});

describe('a kite that is notified of revoked kite keys', () => {
  it('a kite that is notified of a revoked kite key rejects it and its tokens, and ends the connections that used them', () => {
    const { trust, call, verifier, logged } = setUp();
    const revoked = kiteKeyOf('alice');
    const { id } = parseKiteKey(revoked.key);
    const descent = { username: 'bob', kiteKeyId: id, issuedAt: 1000 };
    const privateKey = first.privateKey;
    const shared = {
      issuer: 'kontrol',
      username: 'bob',
      audience: '/alice',
      privateKey,
      clock: new ManualClock(),
    };
    const token = { type: 'token', key: newToken({ ...shared, descent }) };
    const [withKey, withToken, other] = [call(revoked), call(token), call(kiteKeyOf('alice'))];
    trust.revokeIds([id, 'unknown']);
    expect(refusal(verifier, revoked)).toBe(
      'kiteKey: it was revoked; get a new kite key with: kitectl register --force',
    );
    expect(refusal(verifier, token)).toContain('token: the kite key that it was issued for was revoked');
    for (const { close } of [withKey, withToken]) expect(close).toHaveBeenCalledOnce();
    expect(other.close).not.toHaveBeenCalled();
    expect(logged).toEqual([]);
  });

  it('a kite that is notified of revoked users rejects what they had until then', () => {
    const { trust, verifier, clock, call } = setUp();
    const token = tokenOf('bob', '/alice');
    const connection = call(token);
    trust.revokeIds([RevokedIds.ofUser('bob', clock.now())]);
    expect(refusal(verifier, token)).toContain('was revoked');
    expect(connection.close).toHaveBeenCalledOnce();
    expect(verifier.verify(tokenOf('carol', '/alice'))).toHaveProperty('username', 'carol');
  });

  it('a kite that is notified that its own kite key was revoked logs it once, and rejects callers with it', () => {
    const { trust, kiteKey, verifier, logged, trusts } = setUp();
    trust.revokeOwnKey();
    trust.revokeIds([kiteKey.id]);
    expect(logged).toEqual([expect.stringContaining('kitectl register --force')]);
    expect(refusal(verifier, { type: 'kiteKey', key: kiteKey.jwt })).toContain('it was revoked');
    expect(trusts(first)).toBe(true);
  });

  it('a kite that is notified of a revoked pair ends the connections that its credentials had opened', () => {
    const { trust, use, call } = setUp();
    const old = call(tokenOf('bob', '/alice', first));
    use(second);
    const next = call(tokenOf('bob', '/alice', second));
    trust.revoke([first.publicKey]);
    expect(old.close).toHaveBeenCalledOnce();
    expect(next.close).not.toHaveBeenCalled();
  });
});

describe('a kite that closes', () => {
  it('a kite that closes keeps no timer for previous pairs, nor for one that arrives later', () => {
    const { clock, trust, use } = setUp();
    use(second);
    expect(clock.timers).toBe(1);
    trust.close();
    expect(clock.timers).toBe(0);
    use(third);
    expect(clock.timers).toBe(0);
  });
});

describe('a kite whose own pair is revoked', () => {
  it.each(['notifies it', 'lists it'])(
    'a kite whose own pair is revoked trusts no caller after Kontrol %s',
    (how) => {
      const { trust, trusts, verifier, logged } = setUp();
      if (how === 'notifies it') trust.revokeOwn();
      else trust.revoke([first.publicKey]);
      expect(trusts(first)).toBe(false);
      expect(refusal(verifier, kiteKeyOf('alice'))).toBe(REVOKED);
      expect(refusal(verifier, tokenOf('bob', '/alice'))).toBe(REVOKED.replace('kiteKey', 'token'));
      expect(logged).toEqual([expect.stringContaining('kitectl register --force')]);
      trust.revokeOwn();
      expect(logged).toHaveLength(1);
    },
  );
});
