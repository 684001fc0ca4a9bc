import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** The imports of each file, by its path: `lib/kite/kite.ts`. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** The imports between the TypeScript files of `folder`, with paths below that folder. */
export function readImportGraph(folder: string): ImportGraph {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.replaceAll('\\', '/'))
    .toSorted((a, b) => a.localeCompare(b, 'en'));
  return importGraph(new Map(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')])));
}

/** The imports between files that are given with their text. */
export function importGraph(files: ReadonlyMap<string, string>): ImportGraph {
  const graph = new Map<string, string[]>();
  for (const [path, text] of files) {
    const targets = relativeSpecifiers(text).map((specifier) => sourceOf(path, specifier));
    graph.set(path, [...new Set(targets.filter((target) => files.has(target)))]);
  }
  return graph;
}

/** The source file that a specifier of an import in the file `path` names. */
export function sourceOf(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts');
}

/**
 * The relative specifiers in the text of a file: of imports and exports, of values and of types, static and dynamic. Every
 * string in the code that looks like one counts, so that none is overlooked however it is written.
 */
export function relativeSpecifiers(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => !/^\s*(?:\*|\/\*|\/\/)/.test(line))
    .flatMap((line) =>
      [...line.matchAll(/(['"`])(\.{1,2}\/[^'"`\s]*\.js)\1/g)].map(([, , path = '']) => path),
    );
}
