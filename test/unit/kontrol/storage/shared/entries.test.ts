import { describe, expect, it } from 'vitest';
import { checkOwner, unexpired } from '../../../../../src/lib/kontrol/storage/shared/entries.js';
import type { Registration } from '../../../../../src/lib/kontrol/storage/shared/storage.js';
import { testIdentity } from '../../../../helpers/kite/keys.js';

const NOW = 1_000_000;

function entry(username: string, expiresAt: number): Registration {
  return {
    kite: testIdentity({ username }),
    url: 'http://127.0.0.1:3636/kite',
    keyId: '',
    registeredAt: 0,
    expiresAt,
  };
}

describe('checkOwner', () => {
  it.each([
    ['no entry', undefined, 'ok'],
    ['an entry of the same user', entry('bob', NOW + 1), 'ok'],
    ['an entry of another user that has expired', entry('alice', NOW), 'ok'],
    ['an entry of another user', entry('alice', NOW + 1), 'taken'],
  ])('checkOwner returns the result for %s', (_, old, result) => {
    const request = { registration: entry('bob', NOW + 60_000), now: NOW };
    expect(checkOwner(old, { ...request, ifAbsent: false })).toBe(result);
    expect(checkOwner(old, { ...request, ifAbsent: true })).toBe(old ? 'taken' : 'ok');
  });
});

describe('unexpired', () => {
  const invite = { hash: 'h', username: 'bob', expiresAt: NOW };

  it('unexpired returns an invite until it expires', () => {
    expect(unexpired(invite, NOW - 1)).toBe(invite);
    expect(unexpired(invite, NOW)).toBeUndefined();
    expect(unexpired(undefined, NOW)).toBeUndefined();
  });
});
