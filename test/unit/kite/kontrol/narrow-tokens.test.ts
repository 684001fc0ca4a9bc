import { describe, expect, it } from 'vitest';
import type { KiteRecord } from '../../../../src/lib/kite/kontrol/kontrol-responses.js';
import { hasWideToken, NarrowTokens } from '../../../../src/lib/kite/kontrol/narrow-tokens.js';
import { NARROW_TOKENS } from '../../../../src/lib/kite/limits/kite-limits.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';
import type { KiteQuery } from '../../../../src/lib/protocol/query.js';
import { testIdentity } from '../../../helpers/kite/keys.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

/** A text with the claims of a token. */
function tokenFor(audience: string): string {
  return `.${Buffer.from(JSON.stringify({ aud: audience })).toString('base64url')}.`;
}

function found(audience: string | undefined, changes: Record<string, string> = {}): KiteRecord {
  const token = audience === undefined ? '' : tokenFor(audience);
  return { kite: testIdentity(changes), url: 'http://127.0.0.1:3636/kite', token, keyId: '' };
}

function setUp(answer: (query: KiteQuery) => string = ({ name }) => `token of ${name}`) {
  const queries: KiteQuery[] = [];
  const clock = new ManualClock();
  const tokens = new NarrowTokens((query) => {
    queries.push(query);
    return Promise.resolve().then(() => answer(query));
  }, clock);
  return { queries, clock, narrow: (kites: KiteRecord[]) => tokens.narrow(kites) };
}

describe('the tokens of kites that globs find', () => {
  it.each([
    ['/alice/prod/math', false],
    ['/alice/prod/math/1.0.0', false],
    ['/alice/prod', true],
    ['/alice', true],
    ['/', true],
    ['/alice/prod/maths', true],
    ['/bob/prod/math', true],
    ['', true],
    [undefined, false],
  ])('the token of a kite with the audience %j is for more than its name: %s', (audience, isWide) => {
    expect(hasWideToken(found(audience))).toBe(isWide);
  });

  it('the tokens of kites that globs find are replaced if they are for more than the name', async () => {
    const { narrow, queries } = setUp();
    const kites = [
      found('/alice'),
      found('/alice', { id: 'second' }),
      found('/alice/prod/math'),
      found(undefined),
    ];
    const narrowed = (await narrow([...kites, found('/', { name: '*' })])).map(({ token }) => token);
    expect(narrowed).toEqual(['token of math', 'token of math', kites[2]?.token, '', 'token of \\*']);
    expect(queries).toEqual([testIdentity(), testIdentity({ name: '\\*' })]);
  });

  it('the tokens of kites that globs find are requested again after a while, and only so many are kept', async () => {
    const { narrow, queries, clock } = setUp();
    await narrow([found('/alice')]);
    await narrow([found('/alice')]);
    expect(queries).toHaveLength(1);
    clock.advance(10 * 60_000);
    await narrow([found('/alice')]);
    expect(queries).toHaveLength(2);
    const names = Array.from({ length: NARROW_TOKENS }, (_, index) => found('/', { name: `n${index}` }));
    await narrow([...names, found('/alice')]);
    expect(queries).toHaveLength(3 + NARROW_TOKENS);
  });

  it('the tokens of kites that globs find are empty if Kontrol issues none', async () => {
    const { narrow } = setUp(() => {
      throw new KiteError('genericError', 'no kites found');
    });
    expect(await narrow([found('/alice')])).toMatchObject([{ token: '' }]);
    const lost = setUp(() => {
      throw new KiteError('disconnect', 'lost');
    });
    await expect(lost.narrow([found('/alice')])).rejects.toThrow('lost');
  });
});
