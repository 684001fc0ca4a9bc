import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newToken } from '../../../../src/lib/keys/index.js';
import { testIdentity } from '../../../helpers/keys.js';
import { ManualClock } from '../../../helpers/manual-clock.js';
import {
  claimsWith,
  kiteKeyOf,
  kontrol,
  refusal,
  setUpVerifier,
  signed,
  stranger,
  tokenOf,
} from '../../../helpers/verifier.js';

describe('a kite key', () => {
  it('is accepted from the kite’s own user', () => {
    expect(setUpVerifier().verifier.verify(kiteKeyOf('alice'))).toBe('alice');
  });

  it('is refused from another user, saying how to let more in', () => {
    const message = refusal(setUpVerifier().verifier, kiteKeyOf('mallory'));
    expect(message).toMatch(
      /^kiteKey: this kite accepts kite keys of its own user, "alice", only, not of "mallory"/,
    );
    expect(message).toContain('allowKiteKeysOf');
  });

  it('is accepted from the users that the program names, and from nobody else', () => {
    const { verifier } = setUpVerifier({ allowKiteKeysOf: ['bob', 'carol'] });
    expect(verifier.verify(kiteKeyOf('bob'))).toBe('bob');
    expect(refusal(verifier, kiteKeyOf('alice'))).toContain('not of "alice"');
  });

  it('is accepted from any user where the program says so', () => {
    expect(setUpVerifier({ allowKiteKeysOf: 'any' }).verifier.verify(kiteKeyOf('mallory'))).toBe('mallory');
  });

  it('counts the user of the kite’s key as its own, whatever the kite calls itself', () => {
    const { verifier } = setUpVerifier({ identity: testIdentity({ username: 'mallory' }) });
    expect(verifier.verify(kiteKeyOf('alice'))).toBe('alice');
    expect(refusal(verifier, kiteKeyOf('mallory'))).toContain('its own user, "alice"');
  });

  it('is refused with a kontrolKey of the caller’s own making', () => {
    expect(refusal(setUpVerifier().verifier, kiteKeyOf('alice', stranger))).toBe(
      'kiteKey: it is signed by a Kontrol that this kite does not trust',
    );
  });

  it('is refused with the trusted kontrolKey over a signature of another key', () => {
    const forged = signed(
      'kiteKey',
      { iss: 'kontrol', sub: 'alice', kontrolKey: kontrol.publicKey },
      stranger,
    );
    expect(refusal(setUpVerifier().verifier, forged)).toBe('kiteKey: the signature does not fit');
  });

  it('is accepted with the trusted key written down in another way', () => {
    const { verifier } = setUpVerifier({ verifyTtl: 0 });
    const pkcs1 = createPublicKey(kontrol.publicKey).export({ type: 'pkcs1', format: 'pem' }).toString();
    for (const kontrolKey of [
      pkcs1,
      kontrol.publicKey.replaceAll('\n', '\r\n'),
      `${kontrol.publicKey}\n\n`,
    ]) {
      const claims = { iss: 'kontrol', sub: 'alice', kontrolKey };
      expect(verifier.verify(signed('kiteKey', claims))).toBe('alice');
      expect(verifier.verify(signed('kiteKey', claims))).toBe('alice');
    }
  });

  it.each(['', 'x', '__proto__', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'])(
    'is refused with %j as its kontrolKey',
    (kontrolKey) => {
      expect(
        refusal(setUpVerifier().verifier, signed('kiteKey', { iss: 'kontrol', sub: 'alice', kontrolKey })),
      ).toMatch(/^kiteKey: /);
    },
  );

  it('is refused without a user', () => {
    const claims = { iss: 'kontrol', kontrolKey: kontrol.publicKey };
    expect(refusal(setUpVerifier().verifier, signed('kiteKey', claims))).toBe(
      'kiteKey: it is no kite key: "sub" is missing',
    );
  });

  it('is refused before it was issued, but for clocks that differ', () => {
    const { clock, verifier } = setUpVerifier();
    const key = (iat: number) =>
      signed('kiteKey', { iss: 'kontrol', sub: 'alice', kontrolKey: kontrol.publicKey, iat });
    expect(verifier.verify(key(clock.now() / 1000 + 300))).toBe('alice');
    expect(refusal(verifier, key(clock.now() / 1000 + 301))).toContain('issued in the future');
  });

  it('is trusted under other keys of Kontrol that the program names', () => {
    const { verifier } = setUpVerifier({ kontrolKeys: [stranger.publicKey] });
    expect(verifier.verify(kiteKeyOf('alice', stranger))).toBe('alice');
    expect(verifier.verify(kiteKeyOf('alice'))).toBe('alice');
  });

  it('is no token', () => {
    expect(refusal(setUpVerifier().verifier, { ...kiteKeyOf('alice'), type: 'token' })).toMatch(
      /^token: it is no token/,
    );
  });
});

describe('a token', () => {
  it.each(['/', '/alice', '/alice/prod', '/alice/prod/math'])('for %s is accepted', (audience) => {
    const auth = audience === '/' ? signed('token', claimsWith({ aud: '/' })) : tokenOf('bob', audience);
    expect(setUpVerifier().verifier.verify(auth)).toBe('bob');
  });

  it.each(['/bob', '/alice/test', '/alice/prod/other'])('for %s is refused', (audience) => {
    expect(refusal(setUpVerifier().verifier, tokenOf('bob', audience))).toBe(
      `token: it is for other kites: its audience is ${audience}`,
    );
  });

  it('has the user of the kite’s key for audience, under which Kontrol knows the kite', () => {
    const { verifier } = setUpVerifier({ identity: testIdentity({ username: 'unknown' }) });
    expect(verifier.verify(tokenOf('bob', '/alice/prod/math'))).toBe('bob');
    expect(refusal(verifier, tokenOf('bob', '/unknown'))).toContain('other kites');
  });

  it('of another issuer is refused', () => {
    expect(refusal(setUpVerifier().verifier, signed('token', claimsWith({ iss: 'evil' })))).toBe(
      'token: issuer is not trusted: evil',
    );
  });

  it('signed by another key is called expired, so that its owner renews it', () => {
    expect(refusal(setUpVerifier().verifier, tokenOf('bob', '/alice', stranger))).toBe(
      'token: token is expired',
    );
  });

  it('is accepted up to its end, and refused from then on', () => {
    const { clock, verifier } = setUpVerifier({ verifyTtl: 0 });
    const auth = signed('token', claimsWith({ exp: clock.now() / 1000 + 60 }));
    clock.advance(59_999);
    expect(verifier.verify(auth)).toBe('bob');
    clock.advance(1);
    expect(refusal(verifier, auth)).toBe('token: token is expired');
  });

  it('is refused before its time', () => {
    const { clock, verifier } = setUpVerifier();
    const auth = signed('token', claimsWith({ nbf: clock.now() / 1000 + 1 }));
    expect(refusal(verifier, auth)).toBe('token: it is not valid yet');
    clock.advance(1000);
    expect(verifier.verify(auth)).toBe('bob');
  });

  it.each(['exp', 'aud', 'sub'])('without "%s" is refused', (claim) => {
    expect(refusal(setUpVerifier().verifier, signed('token', claimsWith({ [claim]: undefined })))).toBe(
      `token: it is no token: "${claim}" is missing`,
    );
  });

  it('of Kontrol is good as soon as it was issued, by a clock five minutes behind too', () => {
    const { clock, verifier } = setUpVerifier();
    const ahead = new ManualClock(clock.now() + 300_000);
    const { privateKey } = kontrol;
    const key = newToken({
      issuer: 'kontrol',
      username: 'bob',
      audience: '/alice',
      privateKey,
      clock: ahead,
    });
    expect(verifier.verify({ type: 'token', key })).toBe('bob');
  });
});
