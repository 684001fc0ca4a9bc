import { makeVisible } from '../util/visible.js';
import { mayColor, type Surroundings } from './surroundings.js';

/**
 * A table of two columns as text: names and what they are. On a terminal it is no wider than the terminal, long values
 * being wrapped, and the names are bold where colours are wanted; elsewhere a value stays on its line.
 */
export async function formatTable(
  rows: ReadonlyArray<readonly [name: string, value: string]>,
  surroundings: Pick<Surroundings, 'stdout' | 'env' | 'noColor'>,
): Promise<string> {
  const { stdout } = surroundings;
  const [{ default: Table }, { Chalk }] = await Promise.all([import('cli-table3'), import('chalk')]);
  const chalk = new Chalk({ level: mayColor(surroundings, stdout) ? 1 : 0 });
  const names = Math.max(...rows.map(([name]) => name.length)) + 2;
  const values = Math.max(...rows.map(([, value]) => value.length)) + 2;
  const columns = stdout.isTTY === true ? (stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
  // Three characters of the width are borders.
  const room = Math.max(12, Math.min(values, columns - names - 3));
  const table = new Table({
    colWidths: [names, room],
    wordWrap: true,
    wrapOnWordBoundary: false,
    style: { head: [], border: [] },
  });
  for (const [name, value] of rows) table.push([chalk.bold(name), makeVisible(value)]);
  return `${table.toString()}\n`;
}
