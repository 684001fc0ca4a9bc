import { toJson, toField } from '../runtime/json.js';
import { type CommandRuntime, writePieces } from '../runtime/command-runtime.js';
import type { OutputFormat } from './output-format.js';

export interface Column<Row> {
  readonly heading: string;
  readonly text: (row: Row) => string;
  /** Whether only the format `wide` shows it. */
  readonly wide?: boolean;
}

/** Defines how rows of one type are printed. */
export interface Listing<Row> {
  readonly columns: readonly Column<Row>[];
  /** Returns the value of a row for JSON and YAML. */
  readonly data: (row: Row) => unknown;
  /** Returns the identifier of a row, which other commands accept as argument. */
  readonly name: (row: Row) => string;
  /** Returns the fields of a line for a pipe, which tabs separate. Default: the columns. */
  readonly line?: (row: Row, index: number) => readonly string[];
  /** Message on a terminal instead of an empty table. */
  readonly emptyMessage?: string;
}

type ListingRuntime = Pick<CommandRuntime, 'stdout' | 'env' | 'color'>;

/** Prints a list of rows. Without a format, prints a table on a terminal, and one line per row elsewhere. */
export async function printList<Row>(
  rows: readonly Row[],
  listing: Listing<Row>,
  format: OutputFormat | undefined,
  runtime: ListingRuntime & Pick<CommandRuntime, 'stderr'>,
): Promise<void> {
  const { emptyMessage } = listing;
  if (
    rows.length === 0 &&
    emptyMessage !== undefined &&
    format === undefined &&
    runtime.stdout.isTTY === true
  ) {
    runtime.stderr.write(`${emptyMessage}\n`);
    return;
  }
  await writePieces(runtime.stdout, await formatList(rows, listing, format, runtime));
}

/** Returns the pieces of text that `printList` prints. */
export async function formatList<Row>(
  rows: readonly Row[],
  listing: Listing<Row>,
  format: OutputFormat | undefined,
  runtime: ListingRuntime,
): Promise<Iterable<string>> {
  if (format === 'name') return mapEach(rows, (row) => `${toField(listing.name(row))}\n`);
  if (format === 'json') return jsonList(rows, listing);
  if (format === 'ndjson') return mapEach(rows, (row) => `${toJson(listing.data(row))}\n`);
  if (format === 'yaml') {
    const { yamlPieces } = await import('./yaml.js');
    return yamlPieces(rows.map(listing.data));
  }
  if (format === undefined && runtime.stdout.isTTY !== true) {
    return mapEach(rows, (row, index) => `${lineOf(row, index, listing)}\n`);
  }
  const { formatColumns } = await import('./tables.js');
  const columns = columnsFor(listing, format);
  return formatColumns(
    columns.map(({ heading }) => heading),
    mapEach(rows, (row) => columns.map(({ text }) => text(row))),
    runtime,
    { wide: format === 'wide' },
  );
}

function* jsonList<Row>(rows: readonly Row[], { data }: Listing<Row>): Generator<string> {
  let separator = '[';
  for (const row of rows) {
    yield `${separator}${toJson(data(row))}`;
    separator = ',';
  }
  yield rows.length === 0 ? '[]\n' : ']\n';
}

/** Maps the items of a list one by one, when they are needed. */
export function* mapEach<Item, Result>(
  items: Iterable<Item>,
  map: (item: Item, index: number) => Result,
): Generator<Result> {
  let index = 0;
  for (const item of items) yield map(item, index++);
}

/** Returns the columns that a format shows. */
export function columnsFor<Row>(
  { columns }: Pick<Listing<Row>, 'columns'>,
  format: OutputFormat | undefined,
): readonly Column<Row>[] {
  return format === 'wide' ? columns : columns.filter(({ wide }) => wide !== true);
}

/** Formats a row as a line for a pipe, without the newline. */
export function lineOf<Row>(row: Row, index: number, listing: Listing<Row>): string {
  const fields = listing.line?.(row, index) ?? columnsFor(listing, undefined).map(({ text }) => text(row));
  return fields.map(toField).join('\t');
}
