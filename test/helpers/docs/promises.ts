/** A row of the table of promises. */
export interface PromiseRow {
  /** The document, relative to the root of the repository. */
  readonly path: string;
  /** The words of the promise in that document. */
  readonly words: string;
  /** The file of the test, relative to the root of the repository. */
  readonly file: string;
  readonly title: string;
}

/** Returns the rows of the table of promises in docs/security.md. */
export function promiseRows(security: string): PromiseRow[] {
  const [, table = ''] = security.split('\n## Promises and their tests\n');
  return table
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\| (?:---|where) /.test(line))
    .map((line) => {
      const [where = '', words = '', file = '', title = ''] = line
        .split(/(?<!\\)\|/)
        .slice(1)
        .map((cell) => cell.trim());
      const link = /\]\((?:\.\.\/)?([\w./-]+)\)/.exec(where)?.[1] ?? 'security.md';
      return {
        path: link === 'SECURITY.md' ? link : `docs/${link}`,
        words,
        file: file.replaceAll('`', ''),
        title: title.replaceAll(/\\([|*])/g, '$1'),
      };
    });
}
