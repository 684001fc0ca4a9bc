import { Chalk } from 'chalk';
import Table from 'cli-table3';
import { makeVisible } from '../../util/make-visible.js';
import { TABLE_LENGTH, TABLE_LINES } from '../runtime/command-limits.js';
import { canColor, type CommandRuntime } from '../runtime/command-runtime.js';
import { displayWidth, linesOfWidth } from './display-width.js';
import { AlignedColumns } from './aligned-columns.js';

export interface TableOptions {
  /** Whether the table may be wider than the terminal. Default: false. */
  readonly wide?: boolean;
}

type TextRow = readonly string[];
type TableRuntime = Pick<CommandRuntime, 'stdout' | 'env' | 'color'>;

/**
 * Formats a table with two columns, names and values, in pieces. On a terminal, values are wrapped so that the table fits;
 * elsewhere, each value is on one line. The names are bold if colors are enabled. A large table has no borders.
 */
export function* formatTable(
  rows: Iterable<readonly [name: string, value: string]>,
  runtime: TableRuntime,
  { wide = false }: TableOptions = {},
): Generator<string> {
  const { stdout } = runtime;
  const chalk = new Chalk({ level: canColor(runtime, stdout) ? 1 : 0 });
  const { first, rest } = takeFirst(rows);
  const names = widest(first, 0) + 2;
  const values = widest(first, 1) + 2;
  const columns = stdout.isTTY === true && !wide ? stdout.columns || 80 : Number.POSITIVE_INFINITY;
  // The borders take three characters, and the padding of a column two.
  const width = Math.max(10, Math.min(values, columns - names - 3)) - 2;
  if (rest || !fits(first, [names, width])) {
    yield* alignedLines(first, rest);
    return;
  }
  const wrapped = first.map(([name = '', value = '']) => [wrap(name, names), wrap(value, width)]);
  yield withLines(wrapped, (rows) => {
    const table = new Table({ colWidths: [names, width + 2], style: { head: [], border: [] } });
    for (const [name = '', value = ''] of rows) table.push([chalk.bold(name), value]);
    return `${table.toString()}\n`;
  });
}

/**
 * Formats a table with headings, in pieces. On a terminal, the widest columns are shrunk and their values wrapped, so that the
 * table fits. A large table has no borders.
 */
export function* formatColumns(
  headings: readonly string[],
  rows: Iterable<TextRow>,
  runtime: TableRuntime,
  { wide = false }: TableOptions = {},
): Generator<string> {
  const { stdout } = runtime;
  const chalk = new Chalk({ level: canColor(runtime, stdout) ? 1 : 0 });
  // The keys of a peer's objects are headings.
  const titles = headings.map((heading) => makeVisible(heading));
  const { first, rest } = takeFirst(rows);
  const widths = titles.map((heading, index) => Math.max(displayWidth(heading), widest(first, index)));
  const columns = stdout.isTTY === true && !wide ? stdout.columns || 80 : Number.POSITIVE_INFINITY;
  // Each column has one border and two spaces of padding, and there is a final border.
  shrinkColumns(widths, columns - 3 * widths.length - 1);
  if (rest || !fits([titles, ...first], widths)) {
    yield* alignedLines(first, rest, { titles, emphasize: (line) => chalk.bold(line) });
    return;
  }
  const wrapped = [titles, ...first].map((row) => row.map((value, index) => wrap(value, widths[index] ?? 1)));
  yield withLines(wrapped, ([head = [], ...rows]) => {
    const table = new Table({
      head: head.map((heading) => chalk.bold(heading)),
      colWidths: widths.map((width) => width + 2),
      // Rows are separated by lines only if some have several lines.
      style: { head: [], border: [], compact: !rows.flat().some((cell) => cell.includes('\n')) },
    });
    for (const row of rows) table.push([...row]);
    return `${table.toString()}\n`;
  });
}

/** Takes as many rows as a table with borders can have, as visible text. `rest` is what follows, if there is more. */
function takeFirst(rows: Iterable<TextRow>): { first: TextRow[]; rest: Iterator<TextRow> | undefined } {
  const first: TextRow[] = [];
  const iterator = rows[Symbol.iterator]();
  while (first.length <= TABLE_LINES) {
    const next = iterator.next();
    if (next.done) return { first, rest: undefined };
    first.push(visible(next.value));
  }
  return { first, rest: iterator };
}

function visible(row: TextRow): string[] {
  return row.map((value) => makeVisible(value));
}

function widest(rows: readonly TextRow[], column: number): number {
  return rows.reduce((width, row) => Math.max(width, widthOf(row[column] ?? '')), 0);
}

/** Whether the rows, wrapped to these widths, are a table that is small enough for borders. */
function fits(rows: readonly TextRow[], widths: readonly number[]): boolean {
  const lines = rows.reduce((sum, row) => sum + linesOf(row, widths), 0);
  const length = lines * widths.reduce((sum, width) => sum + width, 0);
  return lines <= TABLE_LINES && length <= TABLE_LENGTH;
}

function linesOf(row: TextRow, widths: readonly number[]): number {
  return row.reduce((lines, value, at) => Math.max(lines, Math.ceil(widthOf(value) / (widths[at] || 1))), 1);
}

/** Formats rows as lines without borders. The widths of the first rows are those of the others. */
function* alignedLines(
  first: readonly TextRow[],
  rest: Iterator<TextRow> | undefined,
  head?: { readonly titles: TextRow; readonly emphasize: (line: string) => string },
): Generator<string> {
  const aligned = new AlignedColumns();
  for (const row of first) aligned.widen(row);
  if (head) yield `${head.emphasize(aligned.line(head.titles))}\n`;
  for (const row of first) yield `${aligned.line(row)}\n`;
  if (!rest) return;
  for (let next = rest.next(); !next.done; next = rest.next()) yield `${aligned.line(visible(next.value))}\n`;
}

const MIN_COLUMN_WIDTH = 4;

/** Shrinks the widest columns until the total is at most `available`, or all columns have the minimum width. */
function shrinkColumns(widths: number[], available: number): void {
  let excess = widths.reduce((sum, width) => sum + width, 0) - available;
  while (excess > 0) {
    const widest = Math.max(...widths);
    if (widest <= MIN_COLUMN_WIDTH) return;
    // A value of a peer may be millions of characters long, so the widest columns shrink to the next width at once.
    const at = widths.indexOf(widest);
    const next = Math.max(MIN_COLUMN_WIDTH, ...widths.filter((width) => width < widest));
    const step = widths.lastIndexOf(widest) === at ? Math.min(excess, Math.max(1, widest - next)) : 1;
    widths[at] = widest - step;
    excess -= step;
  }
}

/** Returns the width of a value. Measuring one that is too long for a table would take long. */
function widthOf(value: string): number {
  return value.length > TABLE_LENGTH ? value.length : displayWidth(value);
}

/** Wraps text at any character, because paths and ids have no spaces. */
function wrap(text: string, width: number): string[] {
  // A mark without a character to combine with gets a space.
  return Array.from(linesOfWidth(text, width), (line) => (displayWidth(line) === 0 ? ` ${line}` : line));
}

const FILLER = /#+/g;

/**
 * Lays a table out with a filler instead of the lines of its cells, and then replaces the filler. cli-table3 measures characters in
 * its own way, which is not that of terminals for many of them.
 */
function withLines(
  rows: readonly (readonly (readonly string[])[])[],
  layOut: (rows: readonly TextRow[]) => string,
): string {
  const fillers = rows.map((cells) =>
    cells.map((lines) => lines.map((line) => '#'.repeat(displayWidth(line))).join('\n')),
  );
  const lines = rows.flatMap((cells) => {
    const height = Math.max(...cells.map((cell) => cell.length));
    return Array.from({ length: height }, (_, at) => cells.flatMap((cell) => cell[at] ?? [])).flat();
  });
  let next = 0;
  return layOut(fillers).replace(FILLER, () => lines[next++] ?? '');
}
