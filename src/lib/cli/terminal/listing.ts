import { toJson, toField } from '../runtime/json.js';
import { type CommandRuntime, write } from '../runtime/command-runtime.js';
import { documentWriter, isDataFormat } from './document.js';
import type { OutputFormat } from './output-format.js';

export interface Column<Row> {
  readonly heading: string;
  readonly text: (row: Row) => string;
  /** Only in `wide`. */
  readonly wide?: boolean;
}

/** How things of one kind are printed. */
export interface Listing<Row> {
  readonly columns: readonly Column<Row>[];
  /** What a program gets of a row. */
  readonly data: (row: Row) => unknown;
  /** What another command takes as its argument. */
  readonly name: (row: Row) => string;
  /** The line in a pipe, without its newline. Default: the columns, with tabs between them. */
  readonly line?: (row: Row, index: number) => string;
  /** What a person at a terminal is told in place of an empty table. */
  readonly emptyMessage?: string;
}

type ListingRuntime = Pick<CommandRuntime, 'stdout' | 'env' | 'color'>;

/** Prints things, all of which are known. Without a format: a table on a terminal, a line for each elsewhere. */
export async function printList<Row>(
  rows: readonly Row[],
  listing: Listing<Row>,
  format: OutputFormat | undefined,
  world: ListingRuntime & Pick<CommandRuntime, 'stderr'>,
): Promise<void> {
  const { emptyMessage } = listing;
  if (
    rows.length === 0 &&
    emptyMessage !== undefined &&
    format === undefined &&
    world.stdout.isTTY === true
  ) {
    world.stderr.write(`${emptyMessage}\n`);
    return;
  }
  await write(world.stdout, await formatList(rows, listing, format, world));
}

/** The text of `printList`. */
export async function formatList<Row>(
  rows: readonly Row[],
  listing: Listing<Row>,
  format: OutputFormat | undefined,
  world: ListingRuntime,
): Promise<string> {
  if (format === 'name') return rows.map((row) => `${toField(listing.name(row))}\n`).join('');
  if (format === 'json') return `${toJson(rows.map(listing.data))}\n`;
  if (isDataFormat(format)) {
    const document = await documentWriter(format);
    const data = rows.map(listing.data);
    return format === 'yaml' ? document(data) : data.map(document).join('');
  }
  if (format === undefined && world.stdout.isTTY !== true) {
    return rows.map((row, index) => `${lineOf(row, index, listing)}\n`).join('');
  }
  const { formatColumns } = await import('./tables.js');
  const columns = columnsFor(listing, format);
  return formatColumns(
    columns.map(({ heading }) => heading),
    rows.map((row) => columns.map(({ text }) => text(row))),
    world,
    { wide: format === 'wide' },
  );
}

/** The columns that a format shows. */
export function columnsFor<Row>(
  { columns }: Pick<Listing<Row>, 'columns'>,
  format: OutputFormat | undefined,
): readonly Column<Row>[] {
  return format === 'wide' ? columns : columns.filter(({ wide }) => wide !== true);
}

/** A row as a line in a pipe, without its newline. */
export function lineOf<Row>(row: Row, index: number, listing: Listing<Row>): string {
  if (listing.line) return listing.line(row, index);
  return columnsFor(listing, undefined)
    .map(({ text }) => toField(text(row)))
    .join('\t');
}
