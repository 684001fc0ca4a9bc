/** A paragraph, an item of a list or a row of a table in a section of a document, on one line. */
export interface DocUnit {
  /** The document, relative to the root of the repository. */
  readonly path: string;
  /** The heading of the section. */
  readonly section: string;
  readonly text: string;
}

/** Returns the units of a Markdown document, without its code blocks and the heads of its tables. */
export function docUnits(path: string, source: string): DocUnit[] {
  const units: DocUnit[] = [];
  let section = '';
  let current: string[] = [];
  let isCode = false;
  const finish = (): void => {
    const text = current.join(' ').replaceAll(/\s+/g, ' ').trim();
    if (text !== '') units.push({ path, section, text });
    current = [];
  };
  const lines = source.split('\n');
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('```')) {
      finish();
      isCode = !isCode;
      continue;
    }
    if (isCode) continue;
    const heading = /^#+ (.*)$/.exec(line);
    const isTable = line.startsWith('|');
    if (heading || isTable || line.trim() === '' || /^- |^\d+\. /.test(line)) finish();
    if (heading) section = heading[1] ?? '';
    else if (isTable) {
      const isHead = lines[index + 1]?.startsWith('| ---') === true;
      if (!isHead && !line.startsWith('| ---')) current.push(line.replaceAll(/(?<!\\)\|/g, ' '));
      finish();
    } else current.push(line.replace(/^- /, ''));
  }
  finish();
  return units;
}
