import { Chalk } from 'chalk';
import Table from 'cli-table3';
import { makeVisible } from '../../util/make-visible.js';
import { canColor, type CommandRuntime } from '../runtime/command-runtime.js';

export interface TableOptions {
  /** Whether the table may be wider than the terminal. Default: false. */
  readonly wide?: boolean;
}

/**
 * Formats a table with two columns, names and values. On a terminal, values are wrapped so that the table fits; elsewhere, each
 * value is on one line. The names are bold if colors are enabled.
 */
export function formatTable(
  rows: ReadonlyArray<readonly [name: string, value: string]>,
  runtime: Pick<CommandRuntime, 'stdout' | 'env' | 'color'>,
  { wide = false }: TableOptions = {},
): string {
  const { stdout } = runtime;
  const chalk = new Chalk({ level: canColor(runtime, stdout) ? 1 : 0 });
  const visible = rows.map(([name, value]) => [makeVisible(name), makeVisible(value)] as const);
  const names = Math.max(...visible.map(([name]) => name.length)) + 2;
  const values = Math.max(...visible.map(([, value]) => value.length)) + 2;
  const columns = stdout.isTTY === true && !wide ? stdout.columns || 80 : Number.POSITIVE_INFINITY;
  // The borders take three characters, and the padding of a column two.
  const width = Math.max(10, Math.min(values, columns - names - 3)) - 2;
  const table = new Table({ colWidths: [names, width + 2], style: { head: [], border: [] } });
  for (const [name, value] of visible) table.push([chalk.bold(name), wrap(value, width)]);
  return `${table.toString()}\n`;
}

/**
 * Formats a table with headings. On a terminal, the widest columns are shrunk and their values wrapped, so that the table fits.
 */
export function formatColumns(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  runtime: Pick<CommandRuntime, 'stdout' | 'env' | 'color'>,
  { wide = false }: TableOptions = {},
): string {
  const { stdout } = runtime;
  const chalk = new Chalk({ level: canColor(runtime, stdout) ? 1 : 0 });
  const visible = rows.map((row) => row.map((value) => makeVisible(value)));
  // The keys of a peer's objects are headings.
  const titles = headings.map((heading) => makeVisible(heading));
  const widths = titles.map((heading, index) =>
    Math.max(heading.length, ...visible.map((row) => row[index]?.length ?? 0)),
  );
  const columns = stdout.isTTY === true && !wide ? stdout.columns || 80 : Number.POSITIVE_INFINITY;
  // Each column has one border and two spaces of padding, and there is a final border.
  shrinkColumns(widths, columns - 3 * widths.length - 1);
  const cells = visible.map((row) => row.map((value, index) => wrap(value, widths[index] ?? 1)));
  const table = new Table({
    head: titles.map((heading, index) => chalk.bold(wrap(heading, widths[index] ?? 1))),
    colWidths: widths.map((width) => width + 2),
    // Rows are separated by lines only if some have several lines.
    style: { head: [], border: [], compact: !cells.flat().some((cell) => cell.includes('\n')) },
  });
  for (const row of cells) table.push(row);
  return `${table.toString()}\n`;
}

const MIN_COLUMN_WIDTH = 4;

/** Shrinks the widest columns until the total is at most `available`, or all columns have the minimum width. */
function shrinkColumns(widths: number[], available: number): void {
  let excess = widths.reduce((sum, width) => sum + width, 0) - available;
  while (excess > 0) {
    const widest = Math.max(...widths);
    if (widest <= MIN_COLUMN_WIDTH) return;
    widths[widths.indexOf(widest)] = widest - 1;
    excess--;
  }
}

/** Wraps text at any character, because paths and ids have no spaces. The wrapping of cli-table3 counts color codes as text. */
function wrap(text: string, width: number): string {
  const characters = Array.from(text);
  const lines: string[] = [];
  for (let i = 0; i < characters.length; i += width) lines.push(characters.slice(i, i + width).join(''));
  return lines.join('\n');
}
