import { describe, expect, it } from 'vitest';
import {
  escapeGlob,
  globMatcher,
  isGlob,
  matchesEverything,
  unescapeGlob,
} from '../../../src/lib/protocol/glob.js';
import { type Dice, makeDice, seedOfRun } from '../../helpers/fuzz/fuzz-run.js';

/** Matches in the slow and obvious way. */
function matchesSlowly(glob: string, text: string): boolean {
  const [token = '', character = ''] = [/^(?:\\[*?]|[^])/u.exec(glob)?.[0], /^[^]/u.exec(text)?.[0]];
  const [restOfGlob, restOfText] = [glob.slice(token.length), text.slice(character.length)];
  if (token === '') return text === '';
  if (token === '*')
    return matchesSlowly(restOfGlob, text) || (text !== '' && matchesSlowly(glob, restOfText));
  if (text === '') return false;
  const isSame = token === '?' || token.replace(/^\\(?=[*?])/, '') === character;
  return isSame && matchesSlowly(restOfGlob, restOfText);
}

const randomText = (dice: Dice, alphabet: readonly string[], length: number): string =>
  Array.from({ length: dice.below(length) }, () => dice.pick(alphabet)).join('');

describe('a glob', () => {
  it.each([
    ['math', 'math', true],
    ['math', 'maths', false],
    ['*', '', true],
    ['*', 'any text / whatever', true],
    ['ma*', 'ma', true],
    ['ma*', 'math', true],
    ['ma*', 'ama', false],
    ['*th', 'math', true],
    ['m*h', 'math', true],
    ['m*t', 'math', false],
    ['m?th', 'math', true],
    ['m?th', 'mth', false],
    ['?', '', false],
    ['?', '𝒳', true],
    ['??', '𝒳', false],
    ['**a**', 'bab', true],
    ['*?*', '', false],
    ['MATH*', 'math', false],
    ['[ab]', 'a', false],
    ['[ab]', '[ab]', true],
    ['{a,b}*', '{a,b}c', true],
    ['{a,b}*', 'a', false],
    ['a.c*', 'abc', false],
    ['$*', '$user', true],
    ['\\*', '*', true],
    ['\\*', 'x', false],
    ['\\?*', '?x', true],
    ['a\\b', 'a\\b', true],
    ['\\', '\\', true],
    ['\\\\*', '\\*', true],
    ['\\\\*', '\\x', false],
    ['', '', true],
    ['', 'a', false],
    ['*\u{1F600}', '\ud83d', false],
  ])('the glob %j and the text %j match: %s', (glob, text, matches) => {
    expect(globMatcher(glob)(text)).toBe(matches);
    expect(matchesSlowly(glob, text)).toBe(matches);
  });

  it('a glob matches the same texts as a slow and obvious matcher', () => {
    const seed = seedOfRun('globs');
    const characters = ['a', 'b', '\\', '𝒳', '.'];
    let matched = 0;
    for (let index = 0; index < 20_000; index++) {
      const dice = makeDice(seed, index);
      const glob = randomText(dice, [...characters, '*', '?', 'a'], 10);
      const text = randomText(dice, [...characters, '*', 'a'], 10);
      const matches = matchesSlowly(glob, text);
      expect([glob, text, globMatcher(glob)(text)]).toEqual([glob, text, matches]);
      if (matches) matched++;
    }
    console.log(`globs: 20,000 pairs, ${matched} match`);
    expect(matched).toBeGreaterThan(500);
  });

  it('a long glob matches the same texts as a slow and obvious matcher, at each boundary of 32 positions', () => {
    const seed = seedOfRun('long globs');
    for (let index = 0; index < 2000; index++) {
      const dice = makeDice(seed, index);
      const text = Array.from({ length: 20 + dice.below(120) }, () => dice.pick(['a', 'b', 'c'])).join('');
      const star = dice.below(text.length);
      const changed = dice.chance(0.5) ? text : `${text.slice(0, -1)}z`;
      const glob = `${changed.slice(0, star)}*${changed.slice(star + dice.below(3)).replace('c', '?')}`;
      expect([glob, globMatcher(glob)(text)]).toEqual([glob, matchesSlowly(glob, text)]);
    }
  });

  it.each([
    '*a'.repeat(120),
    `${'a*'.repeat(120)}b`,
    `*${'?'.repeat(250)}b`,
    '*?'.repeat(128),
    '*'.repeat(256),
  ])('the glob %j is compared with a text of a million characters without going back', (glob) => {
    // Going back takes longer than the universe has existed.
    const matches = globMatcher(glob);
    expect(matches('a'.repeat(1_000_000))).toBe(!glob.endsWith('b'));
    expect(matches(`${'a'.repeat(1_000_000)}b`)).toBe(!glob.endsWith('a'));
  });

  it('a text with wildcards can be escaped, and is then no glob', () => {
    for (const text of ['math', '*', 'wh?t', '\\*', 'a\\', '*?*', '']) {
      const escaped = escapeGlob(text);
      expect(isGlob(escaped)).toBe(false);
      expect(unescapeGlob(escaped)).toBe(text);
      expect(globMatcher(escaped)(text)).toBe(true);
      expect(globMatcher(escaped)(`${text}x`)).toBe(false);
    }
  });

  it('only a glob of nothing but * matches everything', () => {
    expect(['*', '**', '', '?', '*?', '\\*', 'a'].map(matchesEverything)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
