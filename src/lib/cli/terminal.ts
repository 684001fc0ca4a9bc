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
  // Three characters of the width are borders.
  const room = Math.max(12, Math.min(values, columns - names - 3));
  const table = new Table({
    colWidths: [names, room],
    wordWrap: true,
    wrapOnWordBoundary: false,
    style: { head: [], border: [] },
  });
  for (const [name, value] of visible) table.push([chalk.bold(name), value]);
  return `${table.toString()}\n`;
}
