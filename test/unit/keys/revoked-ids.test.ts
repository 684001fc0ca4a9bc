import { describe, expect, it } from 'vitest';
import { RevokedIds } from '../../../src/lib/keys/revoked-ids.js';

const bob = { username: 'bob', kiteKeyId: 'one', issuedAt: 5000 };

describe('revoked ids', () => {
  it('revoked ids cover what descends from the kite key with this id', () => {
    const revoked = new RevokedIds();
    expect(revoked.includes(bob)).toBe(false);
    expect(revoked.add(['one', 'two', ''])).toEqual(['one', 'two']);
    expect(revoked.add(['two', 'three'])).toEqual(['three']);
    expect(revoked.includes(bob)).toBe(true);
    expect(revoked.includes({ ...bob, kiteKeyId: 'four' })).toBe(false);
    expect(revoked.includes({ ...bob, kiteKeyId: '' })).toBe(false);
    expect(revoked.all).toEqual(['one', 'two', 'three']);
  });

  it('revoked ids of a user cover the kite keys that were issued until then', () => {
    const revoked = new RevokedIds();
    revoked.add([RevokedIds.ofUser('bob', 5999), RevokedIds.ofUser('bob', 1000)]);
    expect(revoked.revokedUntil('bob')).toBe(5000);
    expect(revoked.includes(bob)).toBe(true);
    expect(revoked.includes({ ...bob, issuedAt: 0 })).toBe(true);
    expect(revoked.includes({ ...bob, issuedAt: 6000 })).toBe(false);
    expect(revoked.includes({ ...bob, username: 'alice' })).toBe(false);
  });

  it.each(['user:', 'user:x:bob', 'user:1', 'user:-1:bob', 'user:9999999999999999:bob'])(
    'revoked ids that are not of a user cover no user: %s',
    (id) => {
      const revoked = new RevokedIds();
      revoked.add([id]);
      expect(revoked.includes(bob)).toBe(false);
    },
  );

  it('revoked ids of a user may contain any character in the name', () => {
    const revoked = new RevokedIds();
    revoked.add([RevokedIds.ofUser('a:b\nc', 9000)]);
    expect(revoked.includes({ ...bob, username: 'a:b\nc' })).toBe(true);
  });
});
