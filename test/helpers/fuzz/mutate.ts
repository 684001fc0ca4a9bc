import type { Dice } from './fuzz-run.js';

/** Parts that parsers of JSON, HTTP, URLs and paths treat specially. */
const TOKENS: readonly string[] = [
  'null',
  '{}',
  '[]',
  '[[[[[[[[',
  '"',
  '\\',
  '\\u0000',
  '\\ud800',
  '-1',
  '1e309',
  '9007199254740993',
  '4294967295',
  'NaN',
  '"__proto__":',
  '"constructor":',
  '"then":',
  '"toString":1,',
  '\r\n',
  '\r\n\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '?',
  '#',
  '%00',
  '%2e%2e',
  '%2f',
  '%',
  '%zz',
  '/../',
  '//',
  '\\..\\',
  '\x7f',
  '\xff\xfe',
  '\xed\xa0\x80',
  '\u00e4',
  'http://127.0.0.1:1/',
  '0\r\n\r\n',
  'chunked',
  'a[',
  'c[3000,"x"]',
  'h',
  'o',
];

/** Returns a binary string with one to four random changes. */
export function mutate(text: string, dice: Dice, others: readonly string[] = [text]): string {
  let changed = text;
  for (let times = 1 + dice.below(4); times > 0; times--) changed = mutateOnce(changed, dice, others);
  return changed;
}

function mutateOnce(text: string, dice: Dice, others: readonly string[]): string {
  const at = dice.below(text.length + 1);
  const [before, after] = [text.slice(0, at), text.slice(at)];
  switch (dice.below(7)) {
    case 0:
      return before;
    case 1:
      return before + dice.pick(TOKENS) + after;
    case 2:
      return before + dice.pick(TOKENS) + after.slice(dice.below(20));
    case 3:
      return before + dice.bytes(1) + after.slice(1);
    case 4:
      return before + after.slice(dice.below(40));
    case 5:
      return before + after.slice(0, dice.below(30)).repeat(1 + dice.below(50)) + after;
    default:
      return before + dice.pick(others).slice(dice.below(60));
  }
}

/** Returns a value of JSON with random changes of its values, names and structure. */
export function mutateJson(value: unknown, dice: Dice): unknown {
  if (dice.chance(0.06)) return dice.pick(ODD_VALUES);
  if (Array.isArray(value)) {
    const items = value.map((item) => mutateJson(item, dice));
    if (dice.chance(0.1)) items.push(...items, dice.pick(ODD_VALUES));
    return dice.chance(0.05) ? Object.assign({}, items) : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([name, one]): [string, unknown][] => {
    if (dice.chance(0.08)) return [];
    return [[dice.chance(0.05) ? dice.pick(ODD_NAMES) : name, mutateJson(one, dice)]];
  });
  if (dice.chance(0.1)) entries.push([dice.pick(ODD_NAMES), dice.pick(ODD_VALUES)]);
  return dice.chance(0.03) ? entries : Object.fromEntries(entries);
}

const ODD_NAMES: readonly string[] = [
  '__proto__',
  'constructor',
  'then',
  'toString',
  'toJSON',
  'length',
  '',
  'error',
];

const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  1e308,
  -1e308,
  4_294_967_295,
  9_007_199_254_740_992,
  '',
  ' ',
  'x',
  '\0',
  '\u202e',
  '\ud800',
  'x'.repeat(5000),
  'http://[::1',
  'javascript:alert(1)',
  '[Function]',
  [],
  {},
  [[]],
  [null],
  // oxlint-disable-next-line unicorn/no-thenable -- what a peer may send
  { then: 1 },
  { message: null },
  { type: 'x', message: 1, code: {} },
];
