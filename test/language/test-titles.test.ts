import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { root } from '../helpers/source-files.js';
import { parseSources } from './parse-sources.js';
import { type TestTitle, titlesOf } from './test-titles.js';
import { titleProblems, unusedName } from './title-rules.js';

/** Every TypeScript file of `test` by its path. */
function testSources(): Record<string, string> {
  const names = readdirSync(`${root}test`, { recursive: true, encoding: 'utf8' });
  const paths = names
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `test/${name.replaceAll('\\', '/')}`);
  return Object.fromEntries(paths.toSorted().map((path) => [path, readFileSync(root + path, 'utf8')]));
}

function titlesIn(text: string): readonly TestTitle[] {
  return [...parseSources({ 'a.test.ts': text }).values()].flatMap(titlesOf);
}

describe('the titles of tests', () => {
  const files = parseSources(testSources());

  it('the titles of all tests are sentences in plain English that can be read alone', () => {
    const problems: string[] = [];
    let checked = 0;
    for (const [path, file] of files) {
      for (const title of titlesOf(file)) {
        checked++;
        for (const why of titleProblems(title))
          problems.push(`${path}:${title.line}: ${title.title}: ${why}`);
      }
    }
    expect(problems).toEqual([]);
    expect(checked).toBeGreaterThan(3000);
    console.log(`titles: ${checked} of tests and groups are plain English`);
  });

  it('the titles of unit tests begin with names that their files use', () => {
    const problems: string[] = [];
    for (const [path, file] of files) {
      if (!path.startsWith('test/unit/')) continue;
      for (const title of titlesOf(file)) {
        const name = unusedName(title, file.text);
        if (name !== undefined)
          problems.push(`${path}:${title.line}: ${title.title}: The file does not use ${name}.`);
      }
    }
    expect(problems).toEqual([]);
  });
});

describe('the check of titles', () => {
  it.each([
    ['forgets a callback after its response arrives'],
    ['a call rejects at its deadline'],
    ['… is found in its example'],
    ['GET /heartbeat requires an id'],
  ])('the check of titles accepts: %s', (title) => {
    expect(titleProblems({ kind: 'test', title, template: title })).toEqual([]);
  });

  it.each([
    { why: 'It begins with "whose"', bad: 'whose key is revoked, the kite stops' },
    { why: 'It begins with "is"', bad: 'is refused with another key' },
    { why: 'It begins with "bound"', bad: 'bound the history of the shell' },
    { why: 'It begins with "the same"', bad: 'the same over a raw WebSocket' },
    { why: 'It begins with "it"', bad: 'It closes the connection twice' },
    { why: 'It has fewer than four words.', bad: 'an unknown command' },
    { why: 'It has fewer than four words.', bad: '…' },
    { why: 'It ends with a punctuation mark.', bad: 'the kite closes the connection.' },
    { why: 'write "again"', bad: 'the kite registers anew after a restart' },
    { why: 'write "reports', bad: 'the kite tells its watchers of the change' },
  ])('the check of titles rejects a planted title: $why', ({ why, bad }) => {
    expect(titleProblems({ kind: 'test', title: bad, template: bad })).toContainEqual(
      expect.stringContaining(why),
    );
  });

  it('the check of titles rejects a banned phrase in the title of a group', () => {
    const [problem] = titleProblems({ kind: 'group', title: 'a kite that is no kite', template: '' });
    expect(problem).toMatch(/^"is no": write /);
  });
});

describe('unusedName', () => {
  it.each([
    ['parseQuery rejects a malformed query', 'parseQuery'],
    ['TokenBucket is full at the start', 'TokenBucket'],
    ['parsePath rejects a malformed query', undefined],
    ['a query is parsed', undefined],
  ])('unusedName finds the stale name in the title: %s', (template, expected) => {
    expect(unusedName({ template }, "it('parseQuery and TokenBucket', () => parsePath(''));")).toBe(expected);
  });
});

describe('titlesOf', () => {
  it.each([
    ["it('a', () => {});", ['a']],
    ["test.only('a', () => {});", ['a']],
    ["it.skipIf(true)('a', { timeout: 1 }, () => {});", ['a']],
    ["const n = 'x'; it(`a ${n} b ${c()}` + '!', () => {});", ['a x b …!']],
    ["it.each(['x', `y`, 3])('a %s', () => {});", ['a x', 'a y', 'a 3']],
    ["const rows = [['x', 1], [f(), 'y']] as const; it.each(rows)('a %s %d', () => {});", ['a x 1', 'a … y']],
    ["it.each([{ a: 'x', b: 1 }])('$a and $b.c', () => {});", ['x and …']],
    ["it.each(Object.entries({ x: 1, 'y z': 2 }))('a %s', () => {});", ['a x', 'a y z']],
    ["it.each(rows())('a %s', () => {});", ['a …']],
    ["it.for([1, 2])('a %i', () => {});", ['a 1', 'a 2']],
    ["expect('a', () => {}); valueOf('b', () => {}); it('c');", []],
  ])('titlesOf lists the titles of %j', (text, expected) => {
    expect(titlesIn(text).map(({ title }) => title)).toEqual(expected);
  });

  it('titlesOf lists groups and the tests inside, with their lines', () => {
    const text =
      "describe('a', () => {\n  describe.each(['x'])('b %s', () => {\n    it('c', () => {});\n  });\n});\n";
    expect(titlesIn(text)).toMatchObject([
      { kind: 'group', line: 1, title: 'a' },
      { kind: 'group', line: 2, title: 'b x' },
      { kind: 'test', line: 3, title: 'c' },
    ]);
  });
});
