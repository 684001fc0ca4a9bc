import { toJson } from './json.js';
import { type Surroundings, write } from './surroundings.js';

/** Prints a table with headings on a terminal, and elsewhere one line a row, with tabs between its fields. */
export async function printRows(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  surroundings: Pick<Surroundings, 'stdout' | 'env' | 'noColor'>,
): Promise<void> {
  const { stdout } = surroundings;
  if (stdout.isTTY !== true) return write(stdout, rows.map((row) => `${tabbed(row)}\n`).join(''));
  const { formatColumns } = await import('./terminal.js');
  return write(stdout, formatColumns(headings, rows, surroundings));
}

/** Prints names and what they are: a table on a terminal, and elsewhere `name TAB value`, one a line. */
export async function printFields(
  rows: ReadonlyArray<readonly [name: string, value: string]>,
  surroundings: Pick<Surroundings, 'stdout' | 'env' | 'noColor'>,
): Promise<void> {
  const { stdout } = surroundings;
  if (stdout.isTTY !== true) return write(stdout, rows.map((row) => `${tabbed(row)}\n`).join(''));
  const { formatTable } = await import('./terminal.js');
  return write(stdout, formatTable(rows, surroundings));
}

/** Fields with tabs between them: a tab or a newline in one, which would make two of it, is escaped. */
export function tabbed(fields: readonly string[]): string {
  return fields.map((field) => toJson(field).slice(1, -1)).join('\t');
}
