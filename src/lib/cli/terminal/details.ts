import { makeVisible } from '../../util/printable.js';
import { toField } from '../runtime/json.js';
import { type CommandRuntime, write } from '../runtime/command-runtime.js';
import { documentWriter, isDataFormat } from './document.js';
import type { OutputFormat } from './output-format.js';

/** One thing, and everything there is to say about it. */
export interface Details {
  readonly fields: readonly Field[];
  /** What a program gets. */
  readonly data: unknown;
  /** What another command takes as its argument. */
  readonly name: string;
  /** What is printed where no format is asked for, with its newlines. Default: the fields. */
  readonly text?: string;
}

export interface Field {
  readonly label: string;
  readonly value: string;
  /** Only in `wide`. */
  readonly wide?: boolean;
}

/**
 * Prints one thing. Without a format: its text where it has one, else a table on a terminal, and elsewhere a line for each
 * field, with a tab between label and value.
 */
export async function printDetails(
  details: Details,
  format: OutputFormat | undefined,
  world: Pick<CommandRuntime, 'stdout' | 'env' | 'color'>,
): Promise<void> {
  await write(world.stdout, await formatDetails(details, format, world));
}

async function formatDetails(
  { fields, data, name, text }: Details,
  format: OutputFormat | undefined,
  world: Pick<CommandRuntime, 'stdout' | 'env' | 'color'>,
): Promise<string> {
  if (format === 'name') return `${toField(name)}\n`;
  if (isDataFormat(format)) return (await documentWriter(format))(data);
  if (format === undefined && text !== undefined) return makeVisible(text, { newlines: true });
  const shown = fields.filter(({ wide }) => format === 'wide' || wide !== true);
  if (format === undefined && world.stdout.isTTY !== true) {
    return shown.map(({ label, value }) => `${label}\t${toField(value)}\n`).join('');
  }
  const { formatTable } = await import('./tables.js');
  return formatTable(
    shown.map(({ label, value }) => [label, value]),
    world,
    { wide: format === 'wide' },
  );
}
