import fastStringWidth from 'fast-string-width';

// oxlint-disable-next-line no-control-regex -- every character of ASCII has one cell, or none that is printed
const ASCII = /^[\u0000-\u007f]*$/;
/** Joiners of letters take no cell. Those of emoji make one character of two. */
const LETTER_JOINERS = /\u200c|\u200d(?!\p{Extended_Pictographic})/gu;

/** Returns the number of cells that a text takes on a terminal. Control characters and escape sequences must have been removed. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  // Letters of Hangul that are written as several characters take the cells of one.
  return fastStringWidth(text.normalize('NFC').replace(LETTER_JOINERS, ''));
}

/** Fills a text with spaces until it takes `width` cells. */
export function padToWidth(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

/** Cuts a text off where it would take more than `width` cells, between two characters that are seen as such. */
export function cutToWidth(text: string, width: number): string {
  return linesOfWidth(text, width).next().value ?? '';
}

/** Splits a text into lines of at most `width` cells, between two characters that are seen as such. */
export function* linesOfWidth(text: string, width: number): Generator<string, void> {
  if (ASCII.test(text)) {
    for (let at = 0; at < text.length; at += width) yield text.slice(at, at + width);
    return;
  }
  let line = '';
  let used = 0;
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)) {
    const cells = displayWidth(segment);
    if (used > 0 && used + cells > width) {
      yield line;
      line = '';
      used = 0;
    }
    line += segment;
    used += cells;
  }
  yield line;
}
