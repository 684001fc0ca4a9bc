import { usageError } from '../runtime/cli-error.js';
import { toField, toJson } from '../runtime/json.js';
import { documentWriter, type DocumentWriter } from '../terminal/document.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { formatList, type Listing } from '../terminal/listing.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

export interface ResultStyle {
  readonly format: OutputFormat | undefined;
  /** Print a string as it is, without quotes. */
  readonly raw: boolean;
}

/** @throws CliError where several results cannot be printed like this, since nobody knows how many come */
export function requireStreamable({ format }: ResultStyle, flag: string): void {
  if (format !== 'table' && format !== 'wide') return;
  throw usageError(
    `-o ${format} is about one result, and ${flag} makes many.`,
    'Take json, ndjson, yaml or name.',
  );
}

/** How each of several results is printed: a JSON value on a line where no format is asked for. */
export async function resultWriter({ format, raw }: ResultStyle): Promise<DocumentWriter> {
  if (format === 'name') return formatName;
  const document = await documentWriter(format === 'yaml' ? 'yaml' : 'ndjson');
  return raw ? (value) => (typeof value === 'string' ? `${value}\n` : document(value)) : document;
}

/**
 * The text of one result: JSON where no format is asked for, indented on a terminal; a table of what a list or an object
 * holds; with `ndjson` and `name` a line for each item of a list.
 */
export async function formatResult(
  result: unknown,
  style: ResultStyle,
  world: Pick<CommandRuntime, 'stdout' | 'env' | 'color'>,
): Promise<string> {
  const { format, raw } = style;
  switch (format) {
    case 'table':
    case 'wide':
      return formatAsTable(result, format, world);
    case 'name':
      return Array.isArray(result) ? result.map(formatName).join('') : formatName(result);
    case 'ndjson':
      if (Array.isArray(result)) return result.map((item) => `${toJson(item)}\n`).join('');
      break;
    case undefined:
      if (!raw || typeof result !== 'string') {
        return `${toJson(result, world.stdout.isTTY === true ? 2 : undefined)}\n`;
      }
      break;
    case 'json':
    case 'yaml':
  }
  return (await resultWriter(style))(result);
}

/** What names a value: a text itself, and of an object its `name` or `id`. */
function formatName(value: unknown): string {
  const { name, id } = (value ?? {}) as { readonly name?: unknown; readonly id?: unknown };
  const named = typeof value === 'object' ? (name ?? id ?? value) : value;
  return `${typeof named === 'string' ? toField(named) : toJson(named)}\n`;
}

async function formatAsTable(
  result: unknown,
  format: 'table' | 'wide',
  world: Pick<CommandRuntime, 'stdout' | 'env' | 'color'>,
): Promise<string> {
  if (Array.isArray(result)) return formatList(result, listingOf(result), format, world);
  if (typeof result !== 'object' || result === null) return `${formatCell(result)}\n`;
  const { formatTable } = await import('../terminal/tables.js');
  const rows = Object.entries(result).map(([key, value]): [string, string] => [key, formatCell(value)]);
  if (rows.length === 0) return `${toJson(result)}\n`;
  return formatTable(rows, world, { wide: format === 'wide' });
}

/** A column for each key that an object among the items has; a single one where they are no objects. */
function listingOf(items: readonly unknown[]): Listing<unknown> {
  const objects = items.every((item) => typeof item === 'object' && item !== null && !Array.isArray(item));
  const keys = new Set(objects ? items.flatMap((item) => Object.keys(item as object)) : []);
  const columns = Array.from(keys, (key) => ({
    heading: key,
    text: (item: unknown) => formatCell((item as Readonly<Record<string, unknown>>)[key]),
  }));
  return {
    columns: columns.length > 0 ? columns : [{ heading: 'value', text: formatCell }],
    data: (item) => item,
    name: formatName,
  };
}

function formatCell(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : toJson(value);
}
