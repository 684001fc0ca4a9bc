import { describe, expect, it } from 'vitest';
import { KontrolQuery } from '../../../../src/lib/kite/kontrol/kontrol-query.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';
import { parseQueryPath } from '../../../../src/lib/protocol/query.js';
import { testIdentity } from '../../../helpers/kite/keys.js';

const found = (changes: Record<string, string>) => ({
  kite: testIdentity(changes),
  url: 'http://127.0.0.1:3636/kite',
  token: '',
  keyId: '',
});

describe('a query for Kontrol', () => {
  const glob = parseQueryPath('/bob/*/math');
  const query = { username: 'bob', environment: 'prod' };

  it('a query for Kontrol is sent as before if it has no globs', () => {
    const asked = new KontrolQuery(query);
    expect(asked.argsOf({})).toEqual([{ query }]);
    expect(asked.argsOf({ who: 1 })).toEqual([{ query, who: 1 }]);
    expect(asked.tokenArgs(true)).toEqual([{ ...query, force: true }]);
    expect(asked.matches(found({ username: 'other' }))).toBe(true);
  });

  it('a query for Kontrol with globs is sent with a wider query, except for tokens and with who', () => {
    const asked = new KontrolQuery(glob);
    expect(asked.argsOf({ watchCallback: 1 })).toEqual([
      { query: { username: 'bob' }, glob, watchCallback: 1 },
    ]);
    expect(asked.argsOf({ who: 1 })).toEqual([{ glob, who: 1 }]);
    expect(asked.tokenArgs(false)).toEqual([{ glob }]);
    const kites = [found({ username: 'bob' }), found({ username: 'bob', name: 'text' })];
    expect(kites.map((kite) => asked.matches(kite))).toEqual([true, false]);
  });

  it('a query for Kontrol with globs that it cannot answer fails with what to do', () => {
    const asked = new KontrolQuery(parseQueryPath('/*/prod/math'));
    for (const message of [
      'Empty username field',
      'all query fields are empty',
      'Invalid query. It must be an object with the fields',
      'runtime error: invalid memory address or nil pointer dereference',
    ])
      expect(() => asked.rethrow(new KiteError('genericError', message))).toThrow(
        expect.objectContaining({
          code: 'noGlobs',
          message: expect.stringContaining(
            'does not know globs: write the username of /*/prod/math',
          ) as string,
        }),
      );
    const other = new KiteError('genericError', 'no kites found');
    expect(() => asked.rethrow(other)).toThrow(other);
    const empty = new KiteError('genericError', 'Empty username field');
    expect(() => new KontrolQuery({ name: 'math' }).rethrow(empty)).toThrow(empty);
  });

  it('a query for Kontrol with invalid globs is rejected before it is sent', () => {
    expect(() => new KontrolQuery({ username: '*', name: 'math' })).toThrow('not set: environment');
    expect(() => new KontrolQuery({ username: 'b*', environment: 'a/b' })).toThrow('contains "/"');
  });
});
