import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of the package. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface SourceFile {
  /** Relative to the folder of the package, with slashes: `src/lib/kite/kite.ts`. */
  readonly path: string;
  readonly text: string;
}

/** Every TypeScript file of `src`, for tests that check a rule for all of them. */
export function sourceFiles(): readonly SourceFile[] {
  const src = `${root}src/`;
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({
      path: `src/${name.replaceAll('\\', '/')}`,
      text: readFileSync(`${src}${name}`, 'utf8'),
    }))
    .toSorted((a, b) => a.path.localeCompare(b.path, 'en'));
}

/** Source without its comments, so that text in them is not matched as code. */
export function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1');
}
