import { described, findPhrases } from './find-phrases.js';
import type { TestTitle } from './test-titles.js';

/** Words that a title cannot begin with: the rest refers to the group, to another title, or has no subject and no verb. */
const OPENINGS = new Set(
  [
    'after also although and as at because before behind below beside but by for from if in into of on once or since so such',
    'that then through to too under unless until when where which while who whose with within without',
    'it its itself likewise others same their them they these this those',
    'are be can cannot could do does had has have is may might must need never not should was were will would',
    'bound come find give go keep let make refuse show take',
  ].flatMap((line) => line.split(' ')),
).add('the same');

/** Words that titles do not need, in addition to the banned phrases. */
const WORDS: readonly (readonly [word: RegExp, better: string])[] = [
  [/\b(?:says|tells|hears|is told)\b/, 'reports, returns, is notified'],
  [/\b(?:nobody|whom|somebody)\b/i, 'no caller, no user, …'],
  [/\b(?:meanwhile|anew|for good|at all|after all|likewise|thus)\b/, 'nothing'],
  [/\b(?:goes on|gives way|comes about|hangs up|lets? in)\b/, 'continues, disconnects, accepts, …'],
  [/\bin (?:its|the) place\b|\bin place of\b/, 'instead of'],
];

/** Returns why a title is not a sentence in plain English that can be read alone. */
export function titleProblems({ kind, title, template }: Omit<TestTitle, 'line'>): string[] {
  const problems = findPhrases(title).map((finding) =>
    described('title', finding).replace(/^title:\d+: /, ''),
  );
  if (/[.:,;]$/.test(template)) problems.push('It ends with a punctuation mark.');
  if (kind === 'group') return problems;
  for (const [word, better] of WORDS) {
    const [found] = word.exec(title) ?? [];
    if (found) problems.push(`"${found}": write "${better}".`);
  }
  const words = title.split(/\s+/).filter((word) => /[\p{L}\p{N}…]/u.test(word));
  if (words.length < 4) problems.push('It has fewer than four words.');
  const opening = /^the same\b|^[\p{L}]+/iu.exec(title)?.[0].toLowerCase() ?? '';
  if (OPENINGS.has(opening)) problems.push(`It begins with "${opening}", and cannot be read alone.`);
  return problems;
}

/** The name with which the title of a unit test begins: `parseQuery`, `TokenBucket`. */
const NAME = /^(?:[a-z]+[A-Z]\w*|[A-Z][a-z]+[A-Z]\w*)\b/;

/** Returns the name in the title of a unit test that its file does not use, for example because it was renamed. */
export function unusedName({ template }: Pick<TestTitle, 'template'>, source: string): string | undefined {
  const [name] = NAME.exec(template) ?? [];
  const code = source.replaceAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''");
  return name === undefined || new RegExp(`\\b${name}\\b`).test(code) ? undefined : name;
}
