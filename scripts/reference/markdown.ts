/** Formats a Markdown table. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  // A bar ends a cell even inside code.
  const cell = (text: string): string => escape(text).replaceAll('|', '\\|');
  return [line(headings), line(headings.map(() => '---')), ...rows.map((row) => line(row.map(cell)))].join(
    '\n',
  );
}

/** Escapes the characters that Markdown interprets, except inside code. */
export function escape(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll('<', '&lt;').replaceAll('*', '\\*')))
    .join('');
}

/**
 * Replaces the generated parts of a page. Each is between the comments `begin: NAME` and `end: NAME`.
 *
 * @throws Error if the page has no such comments
 */
export function fillParts(page: string, parts: Readonly<Record<string, () => string>>): string {
  return Object.entries(parts).reduce((text, [name, generate]) => {
    const [begin, end] = [`<!-- begin: ${name} -->\n`, `\n<!-- end: ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from === -1 || to < from)
      throw new Error(`The page has no comments "begin: ${name}" and "end: ${name}".`);
    return `${text.slice(0, from + begin.length)}\n${generate()}\n${text.slice(to)}`;
  }, page);
}
