import { usageError } from '../runtime/cli-error.js';
import { makeVisible } from '../../util/make-visible.js';
import { plainValue } from '../../util/plain-value.js';
import { isComposite, plainToJson, toField, toJson } from '../runtime/json.js';
import { documentWriter, type DocumentWriter } from '../terminal/document.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { formatList, type Listing, mapEach } from '../terminal/listing.js';
import { indentedJson } from '../terminal/indented-json.js';
import { RESULT_COLUMNS } from '../runtime/command-limits.js';
import type { CommandRuntime, Output } from '../runtime/command-runtime.js';

export interface ResultStyle {
  readonly format: OutputFormat | undefined;
  /** Whether to print strings without quotes and bytes as they are; on a terminal, with visible control characters. */
  readonly raw: boolean;
}

/** @throws CliError if the format cannot print an unknown number of results */
export function requireStreamable({ format }: ResultStyle, flag: string): void {
  if (format !== 'table' && format !== 'wide') return;
  throw usageError(`-o ${format} and ${flag} cannot be used together.`, 'Use -o json, ndjson, yaml or name.');
}

/** Returns the function that formats each of several results, by default as one line of JSON. */
export async function resultWriter({ format, raw }: ResultStyle, stdout: Output): Promise<DocumentWriter> {
  if (format === 'name') return (value) => formatName(plainValue(value));
  const document = await documentWriter(format === 'yaml' ? 'yaml' : 'ndjson');
  if (!raw) return document;
  const printable = (text: string): string =>
    stdout.isTTY === true ? makeVisible(text, { newlines: true }) : text;
  return (value) => {
    const plain = plainValue(value);
    return typeof plain === 'string' ? `${printable(plain)}\n` : document(plain);
  };
}

/** Text, or bytes that are written as they are. */
export type Printable = string | Uint8Array;

/**
 * Returns the function that formats each item of a stream like `resultWriter`. With `raw`, bytes are as they are, without newlines
 * between them.
 */
export async function itemWriter(style: ResultStyle, stdout: Output): Promise<(item: unknown) => Printable> {
  const print = await resultWriter(style, stdout);
  if (!style.raw) return print;
  const decoder = new TextDecoder();
  return (item) => {
    if (!(item instanceof Uint8Array)) return print(item);
    return stdout.isTTY === true ? visibleBytes(item, decoder) : item;
  };
}

/** Decodes a part of the bytes that a terminal shows. What is not valid UTF-8 becomes U+FFFD. */
function visibleBytes(bytes: Uint8Array, decoder: InstanceType<typeof TextDecoder>): string {
  return makeVisible(decoder.decode(bytes, { stream: true }), { newlines: true });
}

/**
 * Formats a single result, in pieces. The default is JSON, indented on a terminal. `table` and `wide` print an object or a list as
 * a table, and `ndjson` and `name` print one line per item of a list.
 */
export async function formatResult(
  value: unknown,
  style: ResultStyle,
  runtime: Pick<CommandRuntime, 'stdout' | 'env' | 'color'>,
): Promise<Iterable<Printable>> {
  const { format, raw } = style;
  if (raw && value instanceof Uint8Array) return [(await itemWriter(style, runtime.stdout))(value)];
  // A writer makes a value plain by itself: a large result is walked once.
  if (format === 'yaml') {
    const { yamlPieces } = await import('../terminal/yaml.js');
    return yamlPieces(value);
  }
  const isText = (): boolean => raw && typeof plainValue(value) === 'string';
  if (format === undefined && !isText())
    return runtime.stdout.isTTY === true ? indentedJson(value) : [`${toJson(value)}\n`];
  if (format === undefined || format === 'json') return [(await resultWriter(style, runtime.stdout))(value)];
  const result = plainValue(value);
  if (format === 'name') return Array.isArray(result) ? mapEach(result, formatName) : [formatName(result)];
  if (format !== 'ndjson') return formatAsTable(result, format, runtime);
  if (Array.isArray(result)) return mapEach(result, (item) => `${plainToJson(item)}\n`);
  return [(await resultWriter(style, runtime.stdout))(result)];
}

/** Formats the identifier of a plain value: the `name` or `id` of an object, or the value itself. */
function formatName(value: unknown): string {
  const { name, id } = (value ?? {}) as { readonly name?: unknown; readonly id?: unknown };
  const identifier = typeof value === 'object' ? (name ?? id ?? value) : value;
  return `${typeof identifier === 'string' ? toField(identifier) : plainToJson(identifier)}\n`;
}

async function formatAsTable(
  result: unknown,
  format: 'table' | 'wide',
  runtime: Pick<CommandRuntime, 'stdout' | 'env' | 'color'>,
): Promise<Iterable<string>> {
  if (Array.isArray(result)) return formatList(result, listingOf(result), format, runtime);
  if (!isComposite(result)) return [`${makeVisible(formatCell(result))}\n`];
  const { formatTable } = await import('../terminal/tables.js');
  const object = result as Readonly<Record<string, unknown>>;
  const keys = Object.keys(object);
  if (keys.length === 0) return [`${toJson(result)}\n`];
  const rows = mapEach(keys, (key): [string, string] => [key, formatCell(object[key])]);
  return formatTable(rows, runtime, { wide: format === 'wide' });
}

/** Returns a listing with a column per key, or with a single column if not all items are objects, or if there are too many keys. */
function listingOf(items: readonly unknown[]): Listing<unknown> {
  const columns = keysOf(items).map((key) => ({
    heading: key,
    text: (item: unknown) => formatCell((item as Readonly<Record<string, unknown>>)[key]),
  }));
  return {
    columns: columns.length > 0 ? columns : [{ heading: 'value', text: formatCell }],
    data: (item) => item,
    name: formatName,
  };
}

/** Returns the keys of all items. Returns none if not all of them are objects, or if there are too many keys for columns. */
function keysOf(items: readonly unknown[]): readonly string[] {
  const keys = new Set<string>();
  for (const item of items) {
    if (!isComposite(item) || Array.isArray(item)) return [];
    for (const key of Object.keys(item)) keys.add(key);
    if (keys.size > RESULT_COLUMNS) return [];
  }
  return Array.from(keys);
}

function formatCell(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : plainToJson(value);
}
