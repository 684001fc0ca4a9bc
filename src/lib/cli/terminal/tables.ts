import { Chalk } from 'chalk';
import Table from 'cli-table3';
import { makeVisible } from '../../util/printable.js';
import { canColor, type CommandRuntime } from '../runtime/command-runtime.js';

export interface TableOptions {
  /** As wide as what is in it, instead of as the terminal. Default false. */
  readonly wide?: boolean;
}

/**
 * A table of two columns as text: names and what they are. On a terminal it is no wider than the terminal, long values
 * being wrapped, and the names are bold where colours are wanted; elsewhere a value stays on its line.
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
  // Three characters of the width are borders, two of a column are the spaces beside its text.
  const room = Math.max(10, Math.min(values, columns - names - 3)) - 2;
  const table = new Table({ colWidths: [names, room + 2], style: { head: [], border: [] } });
  for (const [name, value] of visible) table.push([chalk.bold(name), wrap(value, room)]);
  return `${table.toString()}\n`;
}

/**
 * A table with a line of headings. On a terminal it is no wider than the terminal: the widest columns get narrower until
 * it fits, their values being wrapped.
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
  const widths = headings.map((heading, index) =>
    Math.max(heading.length, ...visible.map((row) => row[index]?.length ?? 0)),
  );
  const columns = stdout.isTTY === true && !wide ? stdout.columns || 80 : Number.POSITIVE_INFINITY;
  // A border and two spaces a column, and the last border.
  shrinkColumns(widths, columns - 3 * widths.length - 1);
  const cells = visible.map((row) => row.map((value, index) => wrap(value, widths[index] ?? 1)));
  const table = new Table({
    head: headings.map((heading, index) => chalk.bold(wrap(heading, widths[index] ?? 1))),
    colWidths: widths.map((width) => width + 2),
    // Lines between rows are needed where a row takes several.
    style: { head: [], border: [], compact: !cells.flat().some((cell) => cell.includes('\n')) },
  });
  for (const row of cells) table.push(row);
  return `${table.toString()}\n`;
}

const MIN_COLUMN_WIDTH = 4;

/** Takes from the widest until the sum is no more than `room`, or all are as narrow as can be read. */
function shrinkColumns(widths: number[], room: number): void {
  let excess = widths.reduce((sum, width) => sum + width, 0) - room;
  while (excess > 0) {
    const widest = Math.max(...widths);
    if (widest <= MIN_COLUMN_WIDTH) return;
    widths[widths.indexOf(widest)] = widest - 1;
    excess--;
  }
}

/** Breaks anywhere: a path or an id has no better place. The table's own wrapping counts colours as text. */
function wrap(text: string, width: number): string {
  const characters = Array.from(text);
  const lines: string[] = [];
  for (let i = 0; i < characters.length; i += width) lines.push(characters.slice(i, i + width).join(''));
  return lines.join('\n');
}
