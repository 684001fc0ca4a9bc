import { createHmac, createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newToken } from '../../../../src/lib/keys/index.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';
import { testIdentity, testKiteKey } from '../../../helpers/kite/keys.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';
import {
  claimsWith,
  kiteKeyOf,
  kontrol,
  refusal,
  setUpVerifier,
  signed,
  stranger,
  tokenOf,
} from '../../../helpers/kite/verifier.js';

describe('authentication that is none', () => {
  it.each([
    null,
    undefined,
    '',
    'kiteKey',
    0,
    5,
    true,
    [],
    ['kiteKey'],
    {},
    { type: '' },
    { type: 5 },
    { key: 'x' },
    { type: null },
  ])('%j is refused', (auth) => {
    expect(refusal(setUpVerifier().verifier, auth)).toBe('No authentication information is provided');
  });

  it.each(['password', 'KITEKEY', '__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'of the type %s is refused',
    (type) => {
      expect(refusal(setUpVerifier().verifier, { type, key: 'x' })).toBe(
        `Unknown authentication type: ${type}`,
      );
    },
  );

  it.each([
    undefined,
    null,
    '',
    5,
    {},
    [],
    '..',
    'x',
    'a.b.c',
    'x'.repeat(1024 * 1024),
    '.'.repeat(1024 * 1024),
  ])('with an odd key is refused', (key) => {
    const { verifier } = setUpVerifier();
    for (const type of ['kiteKey', 'token']) {
      const message = refusal(verifier, { type, key });
      expect(message).toMatch(new RegExp(`^${type}: (?:malformed JWT: |it is )`));
      expect(message.length).toBeLessThan(200);
    }
  });

  it('never sends a long text back', () => {
    expect(refusal(setUpVerifier().verifier, { type: 'x'.repeat(1024 * 1024), key: '' }).length).toBeLessThan(
      200,
    );
  });
});

describe('a forged JWT', () => {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  it.each(['kiteKey', 'token'])('as %s is refused with another algorithm than RS256', (type) => {
    const { verifier } = setUpVerifier();
    const claims = claimsWith({ sub: 'alice', kontrolKey: kontrol.publicKey });
    for (const alg of ['none', 'HS256', 'ES256', 'rs256', undefined]) {
      const input = `${part({ alg })}.${part(claims)}`;
      for (const signature of [
        '',
        createHmac('sha256', kontrol.publicKey).update(input).digest('base64url'),
      ]) {
        expect(refusal(verifier, { type, key: `${input}.${signature}` })).toBe(
          `${type}: the algorithm is not RS256`,
        );
      }
    }
  });
});

describe('a kite without a kite key', () => {
  it('refuses kite keys and tokens, and says why', () => {
    const { verifier } = setUpVerifier({ kiteKey: undefined });
    for (const auth of [kiteKeyOf('alice'), tokenOf('bob', '/alice')]) {
      expect(refusal(verifier, auth)).toMatch(
        /^(kiteKey|token): this kite has no kite key, so it cannot verify callers/,
      );
    }
  });

  it('can be given one while it runs', () => {
    const { kiteKey, verifier } = setUpVerifier({ kiteKey: undefined });
    verifier.useKiteKey(kiteKey);
    expect(verifier.verify(kiteKeyOf('alice'))).toBe('alice');
  });

  it('is not made with a key of Kontrol that cannot be read', () => {
    expect(() => setUpVerifier({ kontrolKeys: ['x'] })).toThrow(/The public key cannot be read/);
  });
});

describe('verified credentials', () => {
  it('are remembered, but not longer than until they expire', () => {
    const { clock, verifier } = setUpVerifier({ verifyTtl: 300_000 });
    const auth = signed('token', claimsWith({ exp: clock.now() / 1000 + 60 }));
    expect(verifier.verify(auth)).toBe('bob');
    clock.advance(59_999);
    expect(verifier.verify(auth)).toBe('bob');
    clock.advance(1);
    expect(refusal(verifier, auth)).toBe('token: token is expired');
  });

  it('are forgotten with the key they were verified under', () => {
    const { clock, verifier } = setUpVerifier();
    const [key, token] = [kiteKeyOf('alice'), tokenOf('bob', '/alice')];
    verifier.verify(key);
    verifier.verify(token);
    verifier.useKiteKey(testKiteKey('alice', stranger, clock));
    expect(refusal(verifier, key)).toContain('does not trust');
    expect(refusal(verifier, token)).toBe('token: token is expired');
  });

  it('do not vouch for a text that ends alike', () => {
    const { verifier } = setUpVerifier();
    const auth = kiteKeyOf('alice');
    verifier.verify(auth);
    const [header = '', , signature = ''] = auth.key.split('.');
    const claims = { iss: 'kontrol', sub: 'root', kontrolKey: kontrol.publicKey };
    const forged = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;
    expect(refusal(verifier, { type: 'kiteKey', key: forged })).toBe('kiteKey: the signature does not fit');
    expect(refusal(verifier, { type: 'kiteKey', key: ` ${auth.key}` })).toMatch(/in base64url|signature/);
    expect(refusal(verifier, { type: 'kiteKey', key: signature.slice(-12) })).toMatch(
      /^kiteKey: malformed JWT/,
    );
    expect(verifier.verify(auth)).toBe('alice');
  });

  it('do not vouch for the same text as another type', () => {
    const { verifier } = setUpVerifier();
    const auth = tokenOf('bob', '/alice');
    verifier.verify(auth);
    expect(refusal(verifier, { ...auth, type: 'kiteKey' })).toMatch(/^kiteKey: it is not a kite key/);
  });
});

describe('an authentication type of the program', () => {
  it('tells who the caller is by its key', () => {
    const { verifier } = setUpVerifier({ kiteKey: undefined });
    verifier.addAuthType('password', (key) => (key === 'opensesame' ? 'ali' : ''));
    expect(verifier.verify({ type: 'password', key: 'opensesame' })).toBe('ali');
    expect(refusal(verifier, { type: 'password', key: 'x' })).toBe(
      'password: the check of this kite did not return a username',
    );
  });

  it('sends what it throws, with its code', () => {
    const { verifier } = setUpVerifier();
    verifier.addAuthType('password', () => {
      throw new KiteError('myError', 'no such user', { code: 'E1' });
    });
    const auth = { type: 'password', key: 'x' };
    expect(refusal(verifier, auth)).toBe('password: no such user');
    expect(() => verifier.verify(auth)).toThrow(expect.objectContaining({ code: 'E1' }));
  });

  it('is asked at every call', () => {
    const { verifier } = setUpVerifier();
    let allowed = true;
    verifier.addAuthType('session', () => {
      if (!allowed) throw new Error('signed out');
      return 'bob';
    });
    verifier.verify({ type: 'session', key: 's' });
    allowed = false;
    expect(refusal(verifier, { type: 'session', key: 's' })).toBe('session: signed out');
  });

  it('may be named like a part of every object', () => {
    const { verifier } = setUpVerifier();
    verifier.addAuthType('__proto__', () => 'bob');
    expect(verifier.verify(JSON.parse('{"type":"__proto__","key":""}'))).toBe('bob');
  });

  it('may replace what a kite key is', () => {
    const { verifier } = setUpVerifier();
    verifier.addAuthType('kiteKey', () => 'root');
    expect(verifier.verify({ type: 'kiteKey', key: '' })).toBe('root');
  });

  it('lets nobody in where it is async by mistake, not even as an unhandled rejection', async () => {
    const { verifier } = setUpVerifier();
    const check = async () => {
      throw new Error('late');
    };
    verifier.addAuthType('late', check as unknown as () => string);
    expect(refusal(verifier, { type: 'late', key: '' })).toBe(
      'late: the check of this kite did not return a username',
    );
  });
});

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
      'kiteKey: it is not a kite key: "sub" is missing',
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
      /^token: it is not a token/,
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
      `token: it is not a token: "${claim}" is missing`,
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
