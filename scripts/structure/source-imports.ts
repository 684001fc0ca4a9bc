import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** The imports of each file by its path, such as `lib/kite/kite.ts`. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** Reads the imports between the TypeScript files of `folder`. Paths are relative to the folder. */
export function readImportGraph(folder: string): ImportGraph {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.replaceAll('\\', '/'))
    .toSorted((a, b) => a.localeCompare(b, 'en'));
  return importGraph(new Map(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')])));
}

/** Returns the imports between files, given their contents by path. */
export function importGraph(files: ReadonlyMap<string, string>): ImportGraph {
  const graph = new Map<string, string[]>();
  for (const [path, text] of files) {
    const targets = relativeSpecifiers(text).map((specifier) => resolveSpecifier(path, specifier));
    graph.set(path, [...new Set(targets.filter((target) => files.has(target)))]);
  }
  return graph;
}

/** Resolves an import specifier in the file `path` to a source file. */
export function resolveSpecifier(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts');
}

/**
 * Finds the relative import specifiers in a file. Every string literal that looks like one counts, so that type-only, dynamic
 * and unusually written imports are included.
 */
export function relativeSpecifiers(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => !/^\s*(?:\*|\/\*|\/\/)/.test(line))
    .flatMap((line) =>
      [...line.matchAll(/(['"`])(\.{1,2}\/[^'"`\s]*\.js)\1/g)].map(([, , path = '']) => path),
    );
}
