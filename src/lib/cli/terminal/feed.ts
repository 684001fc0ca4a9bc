import { makeVisible } from '../../util/make-visible.js';
import { toField } from '../runtime/json.js';
import { canColor, type CommandRuntime, write } from '../runtime/command-runtime.js';
import { AlignedColumns } from './aligned-columns.js';
import { bold } from './colors.js';
import { documentWriter, isDataFormat } from './document.js';
import type { OutputFormat } from './output-format.js';
import { columnsFor, lineOf, type Listing } from './listing.js';

export interface FeedOptions<Row> extends Listing<Row> {
  /** Whether to print lines instead of columns on a terminal too. Default: false. */
  readonly lines?: boolean;
}

/** Prints a row. Resolves when stdout can take the next one. */
export type Feed<Row> = (row: Row) => Promise<void>;

/**
 * Returns a function that prints rows as they arrive. Each row is printed immediately as a JSON or YAML document, a name, or a
 * line whose columns are as wide as the widest values so far.
 */
export async function openFeed<Row>(
  options: FeedOptions<Row>,
  format: OutputFormat | undefined,
  { stdout, env, color }: Pick<CommandRuntime, 'stdout' | 'env' | 'color'>,
): Promise<Feed<Row>> {
  if (isDataFormat(format)) {
    const document = await documentWriter(format);
    return (row) => write(stdout, document(options.data(row)));
  }
  if (format === 'name') return (row) => write(stdout, `${toField(options.name(row))}\n`);
  const isLine = format === undefined && (options.lines === true || stdout.isTTY !== true);
  let index = 0;
  if (isLine) return (row) => write(stdout, `${lineOf(row, index++, options)}\n`);
  const columns = columnsFor(options, format);
  const aligned = new AlignedColumns();
  const formatHeading = canColor({ color, env }, stdout) ? bold : (text: string): string => text;
  return async (row) => {
    const fields = columns.map(({ text }) => makeVisible(text(row)));
    if (index++ === 0) {
      aligned.widen(fields);
      await write(stdout, `${formatHeading(aligned.line(columns.map(({ heading }) => heading)))}\n`);
    }
    await write(stdout, `${aligned.line(fields)}\n`);
  };
}
