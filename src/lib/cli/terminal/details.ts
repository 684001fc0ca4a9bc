import { makeVisible } from '../../util/make-visible.js';
import { toField } from '../runtime/json.js';
import { type CommandRuntime, writePieces } from '../runtime/command-runtime.js';
import { documentWriter, isDataFormat } from './document.js';
import type { OutputFormat } from './output-format.js';

/** The properties of a single result. */
export interface Details {
  /** Iterated only by the formats that show fields. */
  readonly fields: Iterable<Field>;
  /** The value for JSON and YAML. */
  readonly data: unknown;
  /** The identifier, which other commands accept as argument. */
  readonly name: string;
  /** Output without a format, one string a line. Default: the fields. */
  readonly lines?: readonly string[];
}

export interface Field {
  readonly label: string;
  readonly value: string;
  /** Whether only the format `wide` shows it. */
  readonly wide?: boolean;
  /** The label and the value in lines, which programs read. Default: the same. */
  readonly line?: readonly [label: string, value: string];
}

/**
 * Prints a single result. Without a format, prints its lines if it has some; otherwise, a table on a terminal, and one line per
 * field elsewhere, with a tab between label and value.
 */
export async function printDetails(
  details: Details,
  format: OutputFormat | undefined,
  runtime: Pick<CommandRuntime, 'stdout' | 'env' | 'color'>,
): Promise<void> {
  await writePieces(runtime.stdout, await formatDetails(details, format, runtime));
}

async function formatDetails(
  { fields, data, name, lines }: Details,
  format: OutputFormat | undefined,
  runtime: Pick<CommandRuntime, 'stdout' | 'env' | 'color'>,
): Promise<Iterable<string>> {
  if (format === 'name') return [`${toField(name)}\n`];
  if (isDataFormat(format)) return [(await documentWriter(format))(data)];
  if (format === undefined && lines) return lines.map((line) => `${makeVisible(line)}\n`);
  const shown = Array.from(fields).filter(({ wide }) => format === 'wide' || wide !== true);
  if (format === undefined && runtime.stdout.isTTY !== true) {
    return shown.map(({ label, value, line = [label, value] }) => `${line.map(toField).join('\t')}\n`);
  }
  const { formatTable } = await import('./tables.js');
  return formatTable(
    shown.map(({ label, value }) => [label, value]),
    runtime,
    { wide: format === 'wide' },
  );
}
