import { describe, expect, it } from 'vitest';
import { tokenRenewer } from '../../../../src/lib/kite/kontrol/token-source.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';
import type { KiteQuery } from '../../../../src/lib/protocol/query.js';
import { testIdentity } from '../../../helpers/kite/keys.js';

const URL = 'http://127.0.0.1:3636/kite';
const first = { kite: testIdentity({ id: 'first' }), url: URL };
const again = { kite: testIdentity({ id: 'again', version: '1.0.1' }), url: URL, token: 'token of again' };
const other = { kite: testIdentity({ id: 'other' }), url: 'http://other/kite', token: 'token of other' };
const silent = { kite: testIdentity({ id: 'silent' }), url: URL, token: '' };

/** A Kontrol with these kites, and the queries that it got. */
function kontrolWith(
  kites: readonly { kite: { id: string }; url: string; token: string }[],
  none = 'no kites found',
) {
  const queries: unknown[] = [];
  return {
    queries,
    kontrol: {
      getToken(query: KiteQuery, options: { force?: boolean }) {
        queries.push([query.id, options.force]);
        const found = kites.find(({ kite }) => kite.id === query.id);
        if (found) return Promise.resolve(`${options.force ? 'new ' : ''}${found.token}`);
        return Promise.reject(new KiteError('genericError', none));
      },
      getKites(query: KiteQuery) {
        queries.push(query);
        return Promise.resolve(kites as never);
      },
    },
  };
}

describe('the token of a found kite', () => {
  it('the token of a found kite is requested by its id', async () => {
    const { kontrol, queries } = kontrolWith([other, { ...first, token: 'token' }]);
    const renew = tokenRenewer(kontrol, first);
    expect([await renew('expiring'), await renew('refused')]).toEqual(['token', 'new token']);
    expect(queries).toEqual([
      ['first', false],
      ['first', true],
    ]);
  });

  it.each(['no kites found', '100: Key not found (/kites/bob/prod/math/1.0.0) [73]'])(
    'the token is that of the kite with the same URL and a new id if the old id is gone: %s',
    async (none) => {
      const { kontrol, queries } = kontrolWith([silent, other, again], none);
      const renew = tokenRenewer(kontrol, first);
      expect(await renew('expiring')).toBe('token of again');
      const { username, environment, name } = first.kite;
      expect(queries).toEqual([['first', false], { username, environment, name }]);
      // Further requests use that id.
      expect(await renew('refused')).toBe('new token of again');
      expect(queries.slice(2)).toEqual([['again', true]]);
    },
  );

  it('the token is a new one after the current one was rejected, also for a kite with a new id', async () => {
    const { kontrol } = kontrolWith([again]);
    expect(await tokenRenewer(kontrol, first)('refused')).toBe('new token of again');
  });

  it('the token is that of any kite with the name if no kite has the URL', async () => {
    const { kontrol } = kontrolWith([silent, other]);
    expect(await tokenRenewer(kontrol, first)('expiring')).toBe('token of other');
  });

  it('the token request fails if no kite has the name or none may be called', async () => {
    for (const kites of [[], [silent]]) {
      const { kontrol } = kontrolWith(kites);
      await expect(tokenRenewer(kontrol, first)('expiring')).rejects.toThrow('no kites found');
    }
  });

  it('the token request passes on other errors unchanged', async () => {
    const { kontrol, queries } = kontrolWith([again], 'query matches more than one kite');
    await expect(tokenRenewer(kontrol, first)('expiring')).rejects.toThrow(
      'query matches more than one kite',
    );
    expect(queries).toHaveLength(1);
  });
});
