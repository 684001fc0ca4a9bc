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

describe('malformed authentication', () => {
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
  ])('authentication as %j is rejected', (auth) => {
    expect(refusal(setUpVerifier().verifier, auth)).toBe('No authentication information is provided');
  });

  it.each(['password', 'KITEKEY', '__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'authentication of the type %s is rejected',
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
  ])('authentication with a malformed key is rejected', (key) => {
    const { verifier } = setUpVerifier();
    for (const type of ['kiteKey', 'token']) {
      const message = refusal(verifier, { type, key });
      expect(message).toMatch(new RegExp(`^${type}: (?:malformed JWT: |it is )`));
      expect(message.length).toBeLessThan(200);
    }
  });

  it('an authentication error never contains a long key', () => {
    expect(refusal(setUpVerifier().verifier, { type: 'x'.repeat(1024 * 1024), key: '' }).length).toBeLessThan(
      200,
    );
  });
});

describe('a forged JWT', () => {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  it.each(['kiteKey', 'token'])(
    'a forged JWT as %s is rejected with another algorithm than RS256',
    (type) => {
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
    },
  );
});

describe('a kite without a kite key', () => {
  it('a kite without a kite key rejects kite keys and tokens with the reason', () => {
    const { verifier } = setUpVerifier({ kiteKey: undefined });
    for (const auth of [kiteKeyOf('alice'), tokenOf('bob', '/alice')]) {
      expect(refusal(verifier, auth)).toMatch(
        /^(kiteKey|token): this kite has no kite key, so it cannot verify callers/,
      );
    }
  });

  it('a kite without a kite key can be given one while it runs', () => {
    const { kiteKey, verifier } = setUpVerifier({ kiteKey: undefined });
    verifier.useKiteKey(kiteKey);
    expect(verifier.verify(kiteKeyOf('alice'))).toBe('alice');
  });

  it('a kite cannot be created with a malformed key of Kontrol', () => {
    expect(() => setUpVerifier({ kontrolKeys: ['x'] })).toThrow(/The public key cannot be read/);
  });
});

describe('verified credentials', () => {
  it('verified credentials are cached, but not longer than until they expire', () => {
    const { clock, verifier } = setUpVerifier({ verifyTtl: 300_000 });
    const auth = signed('token', claimsWith({ exp: clock.now() / 1000 + 60 }));
    expect(verifier.verify(auth)).toBe('bob');
    clock.advance(59_999);
    expect(verifier.verify(auth)).toBe('bob');
    clock.advance(1);
    expect(refusal(verifier, auth)).toBe('token: token is expired');
  });

  it('verified credentials are forgotten with the key that verified them', () => {
    const { clock, verifier } = setUpVerifier();
    const [key, token] = [kiteKeyOf('alice'), tokenOf('bob', '/alice')];
    verifier.verify(key);
    verifier.verify(token);
    verifier.useKiteKey(testKiteKey('alice', stranger, clock));
    expect(refusal(verifier, key)).toContain('does not trust');
    expect(refusal(verifier, token)).toBe('token: token is expired');
  });

  it('verified credentials do not match a text with the same end', () => {
    const { verifier } = setUpVerifier();
    const auth = kiteKeyOf('alice');
    verifier.verify(auth);
    const [header = '', , signature = ''] = auth.key.split('.');
    const claims = { iss: 'kontrol', sub: 'root', kontrolKey: kontrol.publicKey };
    const forged = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;
    expect(refusal(verifier, { type: 'kiteKey', key: forged })).toBe('kiteKey: the signature is invalid');
    expect(refusal(verifier, { type: 'kiteKey', key: ` ${auth.key}` })).toMatch(/in base64url|signature/);
    expect(refusal(verifier, { type: 'kiteKey', key: signature.slice(-12) })).toMatch(
      /^kiteKey: malformed JWT/,
    );
    expect(verifier.verify(auth)).toBe('alice');
  });

  it('verified credentials do not match the same text of another type', () => {
    const { verifier } = setUpVerifier();
    const auth = tokenOf('bob', '/alice');
    verifier.verify(auth);
    expect(refusal(verifier, { ...auth, type: 'kiteKey' })).toMatch(/^kiteKey: it is not a kite key/);
  });
});

describe('a custom authentication type', () => {
  it('a custom authentication type returns the caller for a key', () => {
    const { verifier } = setUpVerifier({ kiteKey: undefined });
    verifier.addAuthType('password', (key) => (key === 'opensesame' ? 'ali' : ''));
    expect(verifier.verify({ type: 'password', key: 'opensesame' })).toBe('ali');
    expect(refusal(verifier, { type: 'password', key: 'x' })).toBe(
      'password: the check of this kite did not return a username',
    );
  });

  it('a custom authentication type sends the error that it throws, with its code', () => {
    const { verifier } = setUpVerifier();
    verifier.addAuthType('password', () => {
      throw new KiteError('myError', 'no such user', { code: 'E1' });
    });
    const auth = { type: 'password', key: 'x' };
    expect(refusal(verifier, auth)).toBe('password: no such user');
    expect(() => verifier.verify(auth)).toThrow(expect.objectContaining({ code: 'E1' }));
  });

  it('a custom authentication type is called at every call', () => {
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

  it('a custom authentication type may have the name of an inherited property', () => {
    const { verifier } = setUpVerifier();
    verifier.addAuthType('__proto__', () => 'bob');
    expect(verifier.verify(JSON.parse('{"type":"__proto__","key":""}'))).toBe('bob');
  });

  it('a custom authentication type may replace kiteKey', () => {
    const { verifier } = setUpVerifier();
    verifier.addAuthType('kiteKey', () => 'root');
    expect(verifier.verify({ type: 'kiteKey', key: '' })).toBe('root');
  });

  it('a custom authentication type rejects every caller if it is async by mistake, without an unhandled rejection', async () => {
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
  it('a kite key is accepted from the kite’s own user', () => {
    expect(setUpVerifier().verifier.verify(kiteKeyOf('alice'))).toBe('alice');
  });

  it('a kite key is rejected from another user, with a hint how to accept more users', () => {
    const message = refusal(setUpVerifier().verifier, kiteKeyOf('mallory'));
    expect(message).toMatch(
      /^kiteKey: this kite accepts kite keys of its own user, "alice", only, not of "mallory"/,
    );
    expect(message).toContain('allowKiteKeysOf');
  });

  it('a kite key is accepted from the users that the program lists, and from no others', () => {
    const { verifier } = setUpVerifier({ allowKiteKeysOf: ['bob', 'carol'] });
    expect(verifier.verify(kiteKeyOf('bob'))).toBe('bob');
    expect(refusal(verifier, kiteKeyOf('alice'))).toContain('not of "alice"');
  });

  it('a kite key is accepted from any user if the program allows it', () => {
    expect(setUpVerifier({ allowKiteKeysOf: 'any' }).verifier.verify(kiteKeyOf('mallory'))).toBe('mallory');
  });

  it('a kite key is accepted from the user of the kite’s own key, whatever username the kite sets', () => {
    const { verifier } = setUpVerifier({ identity: testIdentity({ username: 'mallory' }) });
    expect(verifier.verify(kiteKeyOf('alice'))).toBe('alice');
    expect(refusal(verifier, kiteKeyOf('mallory'))).toContain('its own user, "alice"');
  });

  it('a kite key is rejected with a kontrolKey that the caller created', () => {
    expect(refusal(setUpVerifier().verifier, kiteKeyOf('alice', stranger))).toBe(
      'kiteKey: it is signed by a Kontrol that this kite does not trust',
    );
  });

  it('a kite key is rejected with the trusted kontrolKey over a signature of another key', () => {
    const forged = signed(
      'kiteKey',
      { iss: 'kontrol', sub: 'alice', kontrolKey: kontrol.publicKey },
      stranger,
    );
    expect(refusal(setUpVerifier().verifier, forged)).toBe('kiteKey: the signature is invalid');
  });

  it('a kite key is accepted with the trusted key in another PEM formatting', () => {
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
    'a kite key is rejected with %j as its kontrolKey',
    (kontrolKey) => {
      expect(
        refusal(setUpVerifier().verifier, signed('kiteKey', { iss: 'kontrol', sub: 'alice', kontrolKey })),
      ).toMatch(/^kiteKey: /);
    },
  );

  it('a kite key is rejected without a user', () => {
    const claims = { iss: 'kontrol', kontrolKey: kontrol.publicKey };
    expect(refusal(setUpVerifier().verifier, signed('kiteKey', claims))).toBe(
      'kiteKey: it is not a kite key: "sub" is missing',
    );
  });

  it('a kite key is rejected before it was issued, except for clock skew', () => {
    const { clock, verifier } = setUpVerifier();
    const key = (iat: number) =>
      signed('kiteKey', { iss: 'kontrol', sub: 'alice', kontrolKey: kontrol.publicKey, iat });
    expect(verifier.verify(key(clock.now() / 1000 + 300))).toBe('alice');
    expect(refusal(verifier, key(clock.now() / 1000 + 301))).toContain('issued in the future');
  });

  it('a kite key is accepted under other keys of Kontrol that the program lists', () => {
    const { verifier } = setUpVerifier({ kontrolKeys: [stranger.publicKey] });
    expect(verifier.verify(kiteKeyOf('alice', stranger))).toBe('alice');
    expect(verifier.verify(kiteKeyOf('alice'))).toBe('alice');
  });

  it('a kite key is rejected as a token', () => {
    expect(refusal(setUpVerifier().verifier, { ...kiteKeyOf('alice'), type: 'token' })).toMatch(
      /^token: it is not a token/,
    );
  });
});

describe('a token', () => {
  it.each(['/', '/alice', '/alice/prod', '/alice/prod/math'])('a token for %s is accepted', (audience) => {
    const auth = audience === '/' ? signed('token', claimsWith({ aud: '/' })) : tokenOf('bob', audience);
    expect(setUpVerifier().verifier.verify(auth)).toBe('bob');
  });

  it.each(['/bob', '/alice/test', '/alice/prod/other'])('a token for %s is rejected', (audience) => {
    expect(refusal(setUpVerifier().verifier, tokenOf('bob', audience))).toBe(
      `token: it is for other kites: its audience is ${audience}`,
    );
  });

  it('a token is accepted or rejected by the audience check of the program, which gets the kite', () => {
    const asked: unknown[] = [];
    const { verifier } = setUpVerifier({
      acceptAudience: (audience, kite) => {
        asked.push([audience, kite.username, kite.name]);
        return audience === '/alice/prod/other';
      },
    });
    expect(verifier.verify(tokenOf('bob', '/alice/prod/other'))).toBe('bob');
    expect(refusal(verifier, tokenOf('bob', '/alice'))).toBe(
      'token: it is for other kites: its audience is /alice',
    );
    expect(asked).toEqual([
      ['/alice/prod/other', 'alice', 'math'],
      ['/alice', 'alice', 'math'],
    ]);
  });

  it.each(['all', 5, {}, []])(
    'a check of audiences that is %j is an error when the kite is created',
    (check) => {
      expect(() => setUpVerifier({ acceptAudience: check as never })).toThrow(
        'The option acceptAudience is not a function',
      );
    },
  );

  it('a token is rejected with the error that the audience check of the program throws', () => {
    const { verifier } = setUpVerifier({
      acceptAudience: () => {
        throw new Error('unknown team');
      },
    });
    expect(refusal(verifier, tokenOf('bob', '/alice'))).toBe('token: unknown team');
  });

  it('a token is rejected if the audience check is async by mistake, without an unhandled rejection', async () => {
    const accepts = () => Promise.reject(new Error('no')) as unknown as boolean;
    const { verifier } = setUpVerifier({ acceptAudience: accepts });
    expect(refusal(verifier, tokenOf('bob', '/alice'))).toContain('its audience is /alice');
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('a token is accepted for the user of the kite’s key, under which the kite is registered', () => {
    const { verifier } = setUpVerifier({ identity: testIdentity({ username: 'unknown' }) });
    expect(verifier.verify(tokenOf('bob', '/alice/prod/math'))).toBe('bob');
    expect(refusal(verifier, tokenOf('bob', '/unknown'))).toContain('other kites');
  });

  it('a token of another issuer is rejected', () => {
    expect(refusal(setUpVerifier().verifier, signed('token', claimsWith({ iss: 'evil' })))).toBe(
      'token: issuer is not trusted: evil',
    );
  });

  it('a token signed by another key is reported as expired, so that its owner renews it', () => {
    expect(refusal(setUpVerifier().verifier, tokenOf('bob', '/alice', stranger))).toBe(
      'token: token is expired',
    );
  });

  it('a token is accepted until it expires, and rejected afterwards', () => {
    const { clock, verifier } = setUpVerifier({ verifyTtl: 0 });
    const auth = signed('token', claimsWith({ exp: clock.now() / 1000 + 60 }));
    clock.advance(59_999);
    expect(verifier.verify(auth)).toBe('bob');
    clock.advance(1);
    expect(refusal(verifier, auth)).toBe('token: token is expired');
  });

  it('a token is rejected before its start', () => {
    const { clock, verifier } = setUpVerifier();
    const auth = signed('token', claimsWith({ nbf: clock.now() / 1000 + 1 }));
    expect(refusal(verifier, auth)).toBe('token: it is not valid yet');
    clock.advance(1000);
    expect(verifier.verify(auth)).toBe('bob');
  });

  it.each(['exp', 'aud', 'sub'])('a token without "%s" is rejected', (claim) => {
    expect(refusal(setUpVerifier().verifier, signed('token', claimsWith({ [claim]: undefined })))).toBe(
      `token: it is not a token: "${claim}" is missing`,
    );
  });

  it('a token is accepted as soon as it is issued, also by a clock five minutes behind', () => {
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
