import { describe, expect, it } from 'vitest';
import { openedByOtherOrigin, signInQuestion } from '../../../src/ui/link-opener.js';

const origin = 'http://127.0.0.1:4000';
const direct = { origin, referrer: '', fetchSite: 'none' };

describe('the opener of a sign-in link', () => {
  it.each([
    ['the user, from the terminal or the address bar', direct, false],
    ['the user, with a browser that does not say so', { ...direct, fetchSite: undefined }, false],
    ['the page itself', { origin, referrer: `${origin}/`, fetchSite: 'same-origin' }, false],
    ['a page of another site', { ...direct, fetchSite: 'cross-site' }, true],
    ['a page of another origin of this site', { ...direct, fetchSite: 'same-site' }, true],
    [
      'a page, according to its referrer',
      { origin, referrer: 'http://evil.example/', fetchSite: undefined },
      true,
    ],
    ['a page whose host begins like this one', { ...direct, referrer: `${origin}1/` }, true],
  ] as const)('the opener of a sign-in link is recognized: %s', (_who, opening, expected) => {
    expect(openedByOtherOrigin(opening)).toBe(expected);
  });

  it('the opener of a sign-in link is asked about, with the user who is signed in', () => {
    expect(signInQuestion('bob')).toMatch(/^You are signed in as bob\. Sign in with the link/);
    expect(signInQuestion(undefined)).toMatch(/^Sign in with the link/);
  });
});
