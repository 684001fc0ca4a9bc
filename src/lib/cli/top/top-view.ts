import { makeVisible } from '../../util/printable.js';
import { columnsFor } from '../terminal/listing.js';
import type { Row } from './kite-probe.js';
import { rows as listing } from './top-rows.js';

export interface View {
  /** What is shown, for the first line. */
  readonly title: string;
  readonly rows: readonly Row[];
  readonly size: { readonly columns: number; readonly rows: number };
  readonly bold: (text: string) => string;
}

/** The lines of the screen: a title, headings, and a kite each, as many as there is room for. */
export function linesOf({ title, rows, size, bold }: View): string[] {
  const columns = columnsFor(listing, undefined);
  // The title, an empty line and the headings.
  const room = Math.max(1, size.rows - 3);
  const most = rows.length > room ? room - 1 : room;
  const cells = rows.slice(0, most).map((row) => columns.map(({ text }) => makeVisible(text(row))));
  const widths = columns.map(({ heading }, index) =>
    Math.max(heading.length, ...cells.map((row) => row[index]?.length ?? 0)),
  );
  const line = (texts: readonly string[]): string => {
    const padded = texts.map((text, index) => text.padEnd(widths[index] ?? 0));
    return padded.join('  ').trimEnd().slice(0, size.columns);
  };
  const lines = [
    makeVisible(title).slice(0, size.columns),
    '',
    bold(line(columns.map(({ heading }) => heading.toUpperCase()))),
    ...cells.map(line),
  ];
  if (rows.length > most) lines.push(`… and ${rows.length - most} more`.slice(0, size.columns));
  return lines;
}
