import { makeVisible } from '../../util/make-visible.js';
import { cutToWidth, displayWidth, padToWidth } from '../terminal/display-width.js';
import { columnsFor } from '../terminal/listing.js';
import type { TopRow } from './kite-probe.js';
import { topListing as listing } from './top-rows.js';

export interface TopView {
  /** The first line. */
  readonly title: string;
  readonly rows: readonly TopRow[];
  readonly size: { readonly columns: number; readonly rows: number };
  readonly bold: (text: string) => string;
}

/** Renders the lines of the screen: a title, headings, and as many kites as fit. */
export function renderTop({ title, rows, size, bold }: TopView): string[] {
  const columns = columnsFor(listing, undefined);
  // The title, an empty line and the headings.
  const available = Math.max(1, size.rows - 3);
  const visible = rows.length > available ? available - 1 : available;
  const cells = rows.slice(0, visible).map((row) => columns.map(({ text }) => makeVisible(text(row))));
  const widths = columns.map(({ heading }, index) =>
    Math.max(heading.length, ...cells.map((row) => displayWidth(row[index] ?? ''))),
  );
  const line = (texts: readonly string[]): string => {
    const padded = texts.map((text, index) => padToWidth(text, widths[index] ?? 0));
    return cutToWidth(padded.join('  ').trimEnd(), size.columns);
  };
  const lines = [
    cutToWidth(makeVisible(title), size.columns),
    '',
    bold(line(columns.map(({ heading }) => heading.toUpperCase()))),
    ...cells.map(line),
  ];
  if (rows.length > visible) lines.push(cutToWidth(`… and ${rows.length - visible} more`, size.columns));
  return lines;
}
