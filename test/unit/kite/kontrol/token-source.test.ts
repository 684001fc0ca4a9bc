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

/** A Kontrol that knows these kites, and says what it was asked. */
function knowing(
  kites: readonly { kite: { id: string }; url: string; token: string }[],
  none = 'no kites found',
) {
  const asked: unknown[] = [];
  return {
    asked,
    kontrol: {
      getToken(query: KiteQuery, options: { force?: boolean }) {
        asked.push([query.id, options.force]);
        const found = kites.find(({ kite }) => kite.id === query.id);
        if (found) return Promise.resolve(`${options.force ? 'new ' : ''}${found.token}`);
        return Promise.reject(new KiteError('genericError', none));
      },
      getKites(query: KiteQuery) {
        asked.push(query);
        return Promise.resolve(kites as never);
      },
    },
  };
}

describe('the token of a kite that was found', () => {
  it('is asked for by its id', async () => {
    const { kontrol, asked } = knowing([other, { ...first, token: 'token' }]);
    const renew = tokenRenewer(kontrol, first);
    expect([await renew('expiring'), await renew('refused')]).toEqual(['token', 'new token']);
    expect(asked).toEqual([
      ['first', false],
      ['first', true],
    ]);
  });

  it.each(['no kites found', '100: Key not found (/kites/bob/prod/math/1.0.0) [73]'])(
    'is that of the kite that came back under another id, where its own is gone: %s',
    async (none) => {
      const { kontrol, asked } = knowing([silent, other, again], none);
      const renew = tokenRenewer(kontrol, first);
      expect(await renew('expiring')).toBe('token of again');
      const { username, environment, name } = first.kite;
      expect(asked).toEqual([['first', false], { username, environment, name }]);
      // From then on by that id.
      expect(await renew('refused')).toBe('new token of again');
      expect(asked.slice(2)).toEqual([['again', true]]);
    },
  );

  it('is a new one where the one in use was refused, also of the kite that came back', async () => {
    const { kontrol } = knowing([again]);
    expect(await tokenRenewer(kontrol, first)('refused')).toBe('new token of again');
  });

  it('is that of any kite with its name where none has its URL', async () => {
    const { kontrol } = knowing([silent, other]);
    expect(await tokenRenewer(kontrol, first)('expiring')).toBe('token of other');
  });

  it('fails where there is none with its name, or none that may be called', async () => {
    for (const kites of [[], [silent]]) {
      const { kontrol } = knowing(kites);
      await expect(tokenRenewer(kontrol, first)('expiring')).rejects.toThrow('no kites found');
    }
  });

  it('fails with other errors as they are', async () => {
    const { kontrol, asked } = knowing([again], 'query matches more than one kite');
    await expect(tokenRenewer(kontrol, first)('expiring')).rejects.toThrow(
      'query matches more than one kite',
    );
    expect(asked).toHaveLength(1);
  });
});
