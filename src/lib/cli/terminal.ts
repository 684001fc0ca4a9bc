import { Chalk } from 'chalk';
import Table from 'cli-table3';
import { makeVisible } from '../util/visible.js';
import { mayColor, type Surroundings } from './surroundings.js';

/** Colours an error's first word. */
export function red(text: string): string {
  return new Chalk({ level: 1 }).red(text);
}

/**
 * A table of two columns as text: names and what they are. On a terminal it is no wider than the terminal, long values
 * being wrapped, and the names are bold where colours are wanted; elsewhere a value stays on its line.
 */
export function formatTable(
  rows: ReadonlyArray<readonly [name: string, value: string]>,
  surroundings: Pick<Surroundings, 'stdout' | 'env' | 'noColor'>,
): string {
  const { stdout } = surroundings;
  const chalk = new Chalk({ level: mayColor(surroundings, stdout) ? 1 : 0 });
  const visible = rows.map(([name, value]) => [name, makeVisible(value)] as const);
  const names = Math.max(...visible.map(([name]) => name.length)) + 2;
  const values = Math.max(...visible.map(([, value]) => value.length)) + 2;
  const columns = stdout.isTTY === true ? (stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
  // Three characters of the width are borders, two of a column are the spaces beside its text.
  const room = Math.max(10, Math.min(values, columns - names - 3)) - 2;
  const table = new Table({ colWidths: [names, room + 2], style: { head: [], border: [] } });
  for (const [name, value] of visible) table.push([chalk.bold(name), wrap(value, room)]);
  return `${table.toString()}\n`;
}

/** Breaks anywhere: a path or an id has no better place. The table's own wrapping counts colours as text. */
function wrap(text: string, width: number): string {
  const characters = Array.from(text);
  const lines: string[] = [];
  for (let i = 0; i < characters.length; i += width) lines.push(characters.slice(i, i + width).join(''));
  return lines.join('\n');
}
