import { createHmac, createPublicKey } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { JWT_LENGTH } from '../../../../src/lib/keys/key-limits.js';
import { newToken } from '../../../../src/lib/keys/index.js';
import type { CheckedIdentity } from '../../../../src/lib/kite/trust/auth-check.js';
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
    expect(verifier.verify(kiteKeyOf('alice'))).toHaveProperty('username', 'alice');
  });

  it('a kite cannot be created with a malformed key of Kontrol', () => {
    expect(() => setUpVerifier({ kontrolKeys: ['x'] })).toThrow(/The public key cannot be read/);
  });
});

describe('verified credentials', () => {
  it('verified credentials are cached, but not longer than until they expire', () => {
    const { clock, verifier } = setUpVerifier({ verifyTtl: 300_000 });
    const auth = signed('token', claimsWith({ exp: clock.now() / 1000 + 60 }));
    expect(verifier.verify(auth)).toHaveProperty('username', 'bob');
    clock.advance(59_999);
    expect(verifier.verify(auth)).toHaveProperty('username', 'bob');
    clock.advance(1);
    expect(refusal(verifier, auth)).toBe('token: token is expired');
  });

  it('verified credentials are forgotten with the key that verified them', () => {
    const { clock, verifier } = setUpVerifier();
    const [key, token] = [kiteKeyOf('alice'), tokenOf('bob', '/alice')];
    void verifier.verify(key);
    void verifier.verify(token);
    verifier.useKiteKey(testKiteKey('alice', stranger, clock));
    expect(refusal(verifier, key)).toContain('does not trust');
    expect(refusal(verifier, token)).toBe('token: token is expired');
  });

  it('verified credentials do not match a text with the same end', () => {
    const { verifier } = setUpVerifier();
    const auth = kiteKeyOf('alice');
    void verifier.verify(auth);
    const [header = '', , signature = ''] = auth.key.split('.');
    const claims = { iss: 'kontrol', sub: 'root', kontrolKey: kontrol.publicKey };
    const forged = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;
    expect(refusal(verifier, { type: 'kiteKey', key: forged })).toBe('kiteKey: the signature is invalid');
    expect(refusal(verifier, { type: 'kiteKey', key: ` ${auth.key}` })).toMatch(/in base64url|signature/);
    expect(refusal(verifier, { type: 'kiteKey', key: signature.slice(-12) })).toMatch(
      /^kiteKey: malformed JWT/,
    );
    expect(verifier.verify(auth)).toHaveProperty('username', 'alice');
  });

  it('verified credentials do not match the same text of another type', () => {
    const { verifier } = setUpVerifier();
    const auth = tokenOf('bob', '/alice');
    void verifier.verify(auth);
    expect(refusal(verifier, { ...auth, type: 'kiteKey' })).toMatch(/^kiteKey: it is not a kite key/);
  });
});

describe('a custom authentication type', () => {
  it('a custom authentication type returns the caller for a key', () => {
    const { verifier } = setUpVerifier({ kiteKey: undefined });
    verifier.addAuthType('password', (key) => (key === 'opensesame' ? 'ali' : ''));
    expect(verifier.verify({ type: 'password', key: 'opensesame' })).toHaveProperty('username', 'ali');
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

  it.each<[unknown, unknown]>([
    ['', () => 'bob'],
    [5, () => 'bob'],
    ['session', undefined],
    ['session', 'bob'],
  ])('a custom authentication type is rejected with the name %j and the check %s', (type, check) => {
    const { verifier } = setUpVerifier();
    const add = verifier.addAuthType.bind(verifier) as (...args: unknown[]) => void;
    expect(() => add(type, check)).toThrow(TypeError);
  });

  it('a custom authentication type is called at every call', () => {
    const { verifier } = setUpVerifier();
    let allowed = true;
    verifier.addAuthType('session', () => {
      if (!allowed) throw new Error('signed out');
      return 'bob';
    });
    void verifier.verify({ type: 'session', key: 's' });
    allowed = false;
    expect(refusal(verifier, { type: 'session', key: 's' })).toBe('session: signed out');
  });

  it('a custom authentication type may have the name of an inherited property', () => {
    const { verifier } = setUpVerifier();
    verifier.addAuthType('__proto__', () => 'bob');
    expect(verifier.verify(JSON.parse('{"type":"__proto__","key":""}'))).toHaveProperty('username', 'bob');
  });

  it('a custom authentication type may replace kiteKey', () => {
    const { verifier } = setUpVerifier();
    verifier.addAuthType('kiteKey', () => 'root');
    expect(verifier.verify({ type: 'kiteKey', key: '' })).toHaveProperty('username', 'root');
  });

  it('a custom authentication type may return a promise of the caller, with claims', async () => {
    const { verifier } = setUpVerifier();
    verifier.addAuthType('late', async (key) => {
      await Promise.resolve();
      if (key === '') throw new Error('no key');
      return { username: key, claims: { role: 'admin' } };
    });
    expect(await verifier.verify({ type: 'late', key: 'bob' })).toEqual({
      username: 'bob',
      claims: { role: 'admin' },
    });
    await expect(verifier.verify({ type: 'late', key: '' })).rejects.toMatchObject({
      type: 'authenticationError',
      message: 'late: no key',
    });
  });

  it('a custom authentication type is called again only after the time until which its result is valid', () => {
    const { clock, verifier } = setUpVerifier({ verifyTtl: 0 });
    const checked: unknown[] = [];
    verifier.addAuthType('session', (key) => {
      checked.push(key);
      return { username: 'bob', expiresAt: clock.now() + 1000 };
    });
    const call = () => verifier.verify({ type: 'session', key: 's' });
    for (const _time of [1, 2, 3]) expect(call()).toHaveProperty('username', 'bob');
    expect(checked).toEqual(['s']);
    clock.advance(1000);
    void call();
    expect(checked).toEqual(['s', 's']);
    // Another key that ends in the same way, and a check that replaces the previous one.
    void verifier.verify({ type: 'session', key: 'the same end: s' });
    expect(checked).toHaveLength(3);
    verifier.addAuthType('session', () => 'carol');
    expect(call()).toHaveProperty('username', 'carol');
  });

  it('a custom authentication type whose keys are long is called at every call, because they are not cached', () => {
    const { verifier } = setUpVerifier();
    const check = vi.fn<() => CheckedIdentity>(() => ({
      username: 'bob',
      expiresAt: Number.POSITIVE_INFINITY,
    }));
    verifier.addAuthType('long', check);
    for (const _time of [1, 2]) void verifier.verify({ type: 'long', key: 'x'.repeat(JWT_LENGTH + 1) });
    expect(check).toHaveBeenCalledTimes(2);
  });

  it.each([
    [undefined, 'did not return a username'],
    [null, 'did not return a username'],
    [true, 'did not return a username'],
    ['', 'did not return a username'],
    [{}, 'did not return a username'],
    [{ username: 1 }, 'did not return a username'],
    [{ username: 'bob', claims: 'admin' }, 'returned claims that are not an object'],
    [{ username: 'bob', claims: null }, 'returned claims that are not an object'],
    [{ username: 'bob', expiresAt: Number.NaN }, 'returned an expiresAt that is not a number'],
    [{ username: 'bob', expiresAt: new Date(0) }, 'returned an expiresAt that is not a number'],
  ])('a custom authentication type that returns %j rejects the caller', async (result, reason) => {
    const { verifier } = setUpVerifier();
    verifier.addAuthType('odd', () => result as string);
    verifier.addAuthType('oddLater', () => Promise.resolve(result as string));
    expect(refusal(verifier, { type: 'odd', key: '' })).toContain(reason);
    await expect(verifier.verify({ type: 'oddLater', key: '' })).rejects.toThrow(reason);
  });
});

describe('the check of keys of Kontrol', () => {
  it('the check of keys of Kontrol accepts kite keys of another Kontrol, and is asked once for each key', async () => {
    const asked: string[] = [];
    const acceptKontrolKey = (pem: string): Promise<boolean> => {
      asked.push(pem);
      return Promise.resolve(pem === stranger.publicKey);
    };
    const { clock, verifier } = setUpVerifier({ acceptKontrolKey, allowKiteKeysOf: 'any', verifyTtl: 1000 });
    expect(await verifier.verify(kiteKeyOf('bob', stranger))).toMatchObject({
      username: 'bob',
      claims: { sub: 'bob', kontrolKey: stranger.publicKey },
    });
    expect(await verifier.verify(kiteKeyOf('carol', stranger))).toHaveProperty('username', 'carol');
    await expect(verifier.verify(kiteKeyOf('bob', kontrol))).rejects.toThrow('does not trust');
    expect(refusal(verifier, kiteKeyOf('bob', kontrol))).toContain('does not trust');
    expect(asked).toEqual([stranger.publicKey, kontrol.publicKey]);
    clock.advance(1000);
    await verifier.verify(kiteKeyOf('bob', stranger));
    expect(asked).toHaveLength(3);
  });

  it('the check of keys of Kontrol is not asked about a forged kite key, or about a revoked key', () => {
    const acceptKontrolKey = vi.fn<() => boolean>(() => true);
    const { verifier } = setUpVerifier({ acceptKontrolKey });
    const claims = { iss: 'kontrol', sub: 'alice', kontrolKey: kontrol.publicKey };
    expect(refusal(verifier, signed('kiteKey', claims, stranger))).toContain('the signature is invalid');
    verifier.revokeKeys([kontrol.publicKey]);
    const pkcs1 = createPublicKey(kontrol.publicKey).export({ type: 'pkcs1', format: 'pem' }).toString();
    expect(refusal(verifier, signed('kiteKey', { ...claims, kontrolKey: pkcs1 }))).toContain('revoked');
    expect(acceptKontrolKey).not.toHaveBeenCalled();
  });

  it('a kite key is rejected if its key of Kontrol is revoked while the check of the program runs', async () => {
    let accept = (_accepted: boolean): void => undefined;
    const acceptKontrolKey = () => new Promise<boolean>((resolve) => (accept = resolve));
    const { verifier } = setUpVerifier({ acceptKontrolKey });
    const pending = verifier.verify(kiteKeyOf('alice'));
    verifier.revokeKeys([kontrol.publicKey.replaceAll('\n', '\r\n')]);
    accept(true);
    await expect(pending).rejects.toThrow('revoked');
    expect(refusal(verifier, kiteKeyOf('alice'))).toContain('revoked');
  });

  it('the check of keys of Kontrol rejects callers if it fails or returns anything but true', async () => {
    for (const result of [1, 'yes', undefined, Promise.resolve('yes')]) {
      const { verifier } = setUpVerifier({ acceptKontrolKey: () => result as unknown as boolean });
      await expect(async () => verifier.verify(kiteKeyOf('alice'))).rejects.toThrow('does not trust');
    }
    const failing = setUpVerifier({ acceptKontrolKey: () => Promise.reject(new Error('no network')) });
    await expect(failing.verifier.verify(kiteKeyOf('alice'))).rejects.toMatchObject({
      type: 'authenticationError',
      message: 'kiteKey: no network',
    });
    expect(() => setUpVerifier({ acceptKontrolKey: 'yes' as unknown as () => boolean })).toThrow(TypeError);
  });
});

describe('a kite key', () => {
  it('a kite key is accepted from the kite’s own user', () => {
    expect(setUpVerifier().verifier.verify(kiteKeyOf('alice'))).toHaveProperty('username', 'alice');
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
    expect(verifier.verify(kiteKeyOf('bob'))).toHaveProperty('username', 'bob');
    expect(refusal(verifier, kiteKeyOf('alice'))).toContain('not of "alice"');
  });

  it('a kite key is accepted from any user if the program allows it', () => {
    expect(setUpVerifier({ allowKiteKeysOf: 'any' }).verifier.verify(kiteKeyOf('mallory'))).toHaveProperty(
      'username',
      'mallory',
    );
  });

  it('a kite key is accepted from the user of the kite’s own key, whatever username the kite sets', () => {
    const { verifier } = setUpVerifier({ identity: testIdentity({ username: 'mallory' }) });
    expect(verifier.verify(kiteKeyOf('alice'))).toHaveProperty('username', 'alice');
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
      expect(verifier.verify(signed('kiteKey', claims))).toHaveProperty('username', 'alice');
      expect(verifier.verify(signed('kiteKey', claims))).toHaveProperty('username', 'alice');
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
    expect(verifier.verify(key(clock.now() / 1000 + 300))).toHaveProperty('username', 'alice');
    expect(refusal(verifier, key(clock.now() / 1000 + 301))).toContain('issued in the future');
  });

  it('a kite key is accepted under other keys of Kontrol that the program lists', () => {
    const { verifier } = setUpVerifier({ kontrolKeys: [stranger.publicKey] });
    expect(verifier.verify(kiteKeyOf('alice', stranger))).toHaveProperty('username', 'alice');
    expect(verifier.verify(kiteKeyOf('alice'))).toHaveProperty('username', 'alice');
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
    expect(setUpVerifier().verifier.verify(auth)).toHaveProperty('username', 'bob');
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
    expect(verifier.verify(tokenOf('bob', '/alice/prod/other'))).toHaveProperty('username', 'bob');
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
    expect(verifier.verify(tokenOf('bob', '/alice/prod/math'))).toHaveProperty('username', 'bob');
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
    expect(verifier.verify(auth)).toHaveProperty('username', 'bob');
    clock.advance(1);
    expect(refusal(verifier, auth)).toBe('token: token is expired');
  });

  it('a token is rejected before its start', () => {
    const { clock, verifier } = setUpVerifier();
    const auth = signed('token', claimsWith({ nbf: clock.now() / 1000 + 1 }));
    expect(refusal(verifier, auth)).toBe('token: it is not valid yet');
    clock.advance(1000);
    expect(verifier.verify(auth)).toHaveProperty('username', 'bob');
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
    expect(verifier.verify({ type: 'token', key })).toHaveProperty('username', 'bob');
  });
});
