import { describe, expect, it } from 'vitest';
import { formatResult } from '../../../../src/lib/cli/call/call-result.js';
import { TABLE_LINES } from '../../../../src/lib/cli/runtime/command-limits.js';
import { printDetails } from '../../../../src/lib/cli/terminal/details.js';
import {
  cutToWidth,
  displayWidth,
  linesOfWidth,
  padToWidth,
} from '../../../../src/lib/cli/terminal/display-width.js';
import { openFeed } from '../../../../src/lib/cli/terminal/feed.js';
import { type Listing, printList } from '../../../../src/lib/cli/terminal/listing.js';
import { ProgressLine } from '../../../../src/lib/cli/terminal/progress-line.js';
import { Spinner } from '../../../../src/lib/cli/terminal/spinner.js';
import { renderTop } from '../../../../src/lib/cli/top/top-view.js';
import { makeVisible } from '../../../../src/lib/util/make-visible.js';
import { sourceFiles } from '../../../helpers/source-files.js';
import { Sink, testRuntime } from '../../../helpers/cli/test-runtime.js';
import { WIDE_NAMES } from '../../../helpers/cli/wide-names.js';
import { testIdentity } from '../../../helpers/kite/keys.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

const names = Object.keys(WIDE_NAMES);
const COLUMNS = [40, 80, 300];

interface Row {
  readonly name: string;
  readonly mark: string;
}

const listing: Listing<Row> = {
  columns: [
    { heading: 'name', text: ({ name }) => name },
    { heading: 'mark', text: ({ mark }) => mark },
  ],
  data: (row) => row,
  name: ({ name }) => name,
};
const rowsOf = (given: readonly string[]): Row[] => given.map((name) => ({ name, mark: '|' }));

/** Each view, which writes rows with a `|` in their second column. */
const VIEWS: Readonly<Record<string, (rows: readonly string[], stdout: Sink) => unknown>> = {
  'a table with headings': (rows, stdout) =>
    printList(rowsOf(rows), listing, undefined, testRuntime({ stdout })),
  'a table without borders': (rows, stdout) =>
    printList(
      rowsOf(Array.from({ length: TABLE_LINES + 1 }, (_, n) => rows[n % rows.length] ?? '')),
      listing,
      'table',
      testRuntime({ stdout }),
    ),
  'a feed': async (rows, stdout) => {
    const feed = await openFeed(listing, 'table', testRuntime({ stdout }));
    // A feed aligns to the widest row so far.
    const widest = rows.toSorted((a, b) => displayWidth(makeVisible(b)) - displayWidth(makeVisible(a)));
    for (const row of rowsOf(widest)) await feed(row);
  },
  'a table of names and values': (rows, stdout) =>
    printDetails(
      { fields: rows.map((label) => ({ label, value: '|' })), data: null, name: '' },
      undefined,
      testRuntime({ stdout }),
    ),
  'the table of a result': async (rows, stdout) => {
    const options = { format: 'table', raw: false } as const;
    for (const piece of await formatResult(rowsOf(rows), options, testRuntime({ stdout })))
      stdout.write(piece);
  },
  'the screen of top': (rows, stdout) => {
    const measured = {
      asked: true,
      responds: true,
      latency: 1,
      load: null,
      processors: null,
      memoryUsage: null,
      memoryTotal: null,
    };
    const kites = rows.map((name) => ({ kite: testIdentity({ name, version: '|' }), url: '', ...measured }));
    const size = { columns: stdout.columns, rows: rows.length + 5 };
    const lines = renderTop({ title: rows.join(' '), rows: kites, size, bold: (text) => text });
    // The title has no columns.
    expect(displayWidth(lines[0] ?? '')).toBeLessThanOrEqual(stdout.columns);
    stdout.write(lines.slice(2).join('\n'));
  },
};

const cases = Object.keys(VIEWS).flatMap((view) => COLUMNS.map((columns) => ({ view, columns })));

/** The cells before each border of a line; without borders, before the mark. */
function positions(line: string): number[] {
  const ends = /[│┌├└]/.test(line) ? /[│┌┬┐├┼┤└┴┘]/g : /\|/g;
  return [...line.matchAll(ends)].map(({ index }) => displayWidth(line.slice(0, index)));
}

describe('the width of what is displayed', () => {
  it.each(Object.entries(WIDE_NAMES))('%s takes %i cells', (name, cells) => {
    expect(displayWidth(name)).toBe(cells);
    expect(displayWidth(padToWidth(name, 130))).toBe(130);
  });

  it.each(names)('%s is cut and wrapped between characters, and nothing is lost', (name) => {
    for (const width of [2, 3, 5, 40]) {
      const lines = [...linesOfWidth(name, width)];
      expect(lines.join('')).toBe(name);
      expect(Math.max(...lines.map((line) => displayWidth(line)))).toBeLessThanOrEqual(width);
      expect(cutToWidth(name, width)).toBe(lines[0]);
      // No line starts with a mark or a joiner of the character before.
      expect(lines.filter((line) => /^(?:\p{M}|\u200d)/u.test(line))).toEqual([]);
    }
  });

  it.each(cases)('$view lines up at $columns columns', async ({ view, columns }) => {
    for (const rows of [names, ...names.map((name) => ['plain', name, 'x'])]) {
      const stdout = new Sink({ isTTY: true, columns });
      await VIEWS[view]?.(rows, stdout);
      const all = stdout.text.split('\n');
      const cut = view === 'the screen of top' && columns < 300;
      if (cut) expect(Math.max(...all.map((line) => displayWidth(line)))).toBeLessThanOrEqual(columns);
      const lines = all.filter((line) => positions(line).length > 0);
      if (cut && lines.length === 0) continue;
      if (!cut) expect(lines.length).toBeGreaterThanOrEqual(rows.length);
      expect([...new Set(lines.map((line) => positions(line).join()))], rows.join()).toHaveLength(1);
    }
  });

  it.each(names)('a spinner and a progress line with %s fit in one line', async (name) => {
    for (const columns of [12, 40]) {
      const stderr = new Sink({ isTTY: true, columns });
      const clock = new ManualClock();
      const text = `${name} ${name} ${name} ${name}`;
      const work = new Spinner(testRuntime({ stderr, clock })).during(text, async () => clock.advance(1000));
      await work;
      new ProgressLine(testRuntime({ stderr })).show(text);
      // oxlint-disable-next-line no-control-regex -- what moves the cursor and erases
      const lines = stderr.text.split(/\r(?:\u001b\[K)?|\u001b\[K/);
      expect(Math.max(...lines.map((line) => displayWidth(makeVisible(line))))).toBeLessThan(columns);
    }
  });

  it('no command measures what it displays in another way', () => {
    const files = sourceFiles().filter(
      ({ path, text }) =>
        path.startsWith('src/lib/cli/') && /\.padEnd\(|\.slice\(0, [^)]*(?:columns|width)\b/.test(text),
    );
    expect(files.map(({ path }) => path)).toEqual([]);
    const count = cases.length * (names.length + 1);
    console.log(`widths: ${Object.keys(VIEWS).length} views, ${names.length} names, ${count} tables`);
    expect(count).toBeGreaterThanOrEqual(400);
  });
});
