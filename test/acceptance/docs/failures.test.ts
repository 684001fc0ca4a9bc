import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dialCodes, errorTypes, kiteErrorCodes } from '../../../src/lib/errors/error-codes.js';
import { root } from '../../helpers/source-files.js';
import { parseSources } from '../../language/parse-sources.js';
import { titlesOf } from '../../language/test-titles.js';

const read = (path: string): string => readFileSync(root + path, 'utf8');
const [, table = ''] = read('docs/failures.md').split('\n## Every failure and its test\n');
const rows = table
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\| (?:---|what) /.test(line))
  .map((line) => {
    const cells = line.slice(2, -2).split(' | ');
    const [what = '', type = '', code = '', retryable = '', file = '', title = ''] = cells.map((cell) =>
      cell.replaceAll('`', ''),
    );
    return { what, type, code, retryable, file, title };
  });
const files = [...new Set(rows.map(({ file }) => file))];
const parsed = parseSources(Object.fromEntries(files.map((path) => [path, read(path)])));

/** Returns the titles of the tests in a file, before the values of a row are inserted. */
function titlesIn(file: string): string[] {
  const source = parsed.get(file);
  return source ? titlesOf(source).flatMap(({ kind, template }) => (kind === 'test' ? [template] : [])) : [];
}

describe('the table of failures in docs/failures.md', () => {
  it('every row of the table of failures names a test that exists', () => {
    const missing = rows.filter(({ file, title }) => !titlesIn(file).includes(title));
    console.log(`${rows.length} failures, tested in ${files.length} files`);
    expect(rows.length).toBeGreaterThan(30);
    expect(missing).toEqual([]);
  });

  it('every type and code in the table of failures exists, and only these codes can be made again', () => {
    const types = new Set(['–', ...Object.keys(errorTypes)]);
    const codes = new Set(['–', ...Object.keys(kiteErrorCodes), ...Object.keys(dialCodes)]);
    expect(rows.filter(({ type, code }) => !types.has(type) || !codes.has(code))).toEqual([]);
    const retryable = rows.filter(({ retryable: value }) => value === 'yes').map(({ code }) => code);
    expect([...new Set(retryable)].toSorted()).toEqual([
      'draining',
      'notFound',
      'notSent',
      'queueFull',
      'refused',
    ]);
  });

  it('every test of the codes of failures is in the table', () => {
    const named = new Set(rows.map(({ title }) => title));
    const missing = titlesIn('test/acceptance/kite/failure-codes.test.ts').filter(
      (title) => !named.has(title),
    );
    expect(missing).toEqual([
      'a hostile kite cannot make a caller repeat a call by naming the codes of the caller',
    ]);
  });
});
