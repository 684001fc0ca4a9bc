import { readFile } from 'node:fs/promises';
import { sep } from 'node:path';
import type { Plugin } from 'esbuild';
import { countingReplace, requireCount } from './rewrite.js';

/** How often each rewrite matches in one file of oclif. */
export interface RewriteCounts {
  /** Top-level calls of `require` that become lazy. */
  readonly requires: number;
  /** Uses of what such a call returns. */
  readonly uses: number;
  /** Dynamic imports that are redirected to the part that keeps `import()`. */
  readonly imports: number;
}

/** The counts of each file by its path within `@oclif/core`. */
export type ExpectedCounts = Readonly<Record<string, RewriteCounts>>;

const REQUIRE = /^(?:const|var) (\w+_\d+) = ((?:__import(?:Default|Star)\()?require\("[^"]+"\)\)?);$/gm;
const IMPORT = 'await import((0, node_url_1.pathToFileURL)(filePath).href)';

const ADVICE =
  ' If @oclif/core was updated, review its changes, then record the new counts: npm run oclif-counts';

/**
 * Makes the imports of an oclif file lazy. oclif loads all of its files at once, although half of them are only used for help
 * and plugins. tsc compiled the files: it assigns an imported module to `name_1` and reads that variable at each use, so each
 * `require` can be delayed until the first use.
 */
export function rewriteOclif(source: string): { readonly contents: string; readonly counts: RewriteCounts } {
  const imports = countingReplace(
    source,
    IMPORT,
    () => "await require('./import-module.cjs').importModule((0, node_url_1.pathToFileURL)(filePath).href)",
  );
  const names: string[] = [];
  const requires = countingReplace(imports.text, REQUIRE, (_line, name = '', expression = '') => {
    names.push(name);
    return `let $${name}; const $get_${name} = () => ($${name} ??= ${expression});`;
  });
  let contents = requires.text;
  let uses = 0;
  for (const name of names) {
    // `new (f().X)()`: without the parentheses, `new` would apply to `f()`.
    const constructed = countingReplace(
      contents,
      new RegExp(`\\bnew ${name}((?:\\.\\w+)+)`, 'g'),
      (_match, path = '') => `new ($get_${name}()${path})`,
    );
    const read = countingReplace(
      constructed.text,
      new RegExp(`(?<![\\w$])${name}\\b`, 'g'),
      () => `$get_${name}()`,
    );
    contents = read.text;
    uses += constructed.count + read.count;
  }
  return { contents, counts: { requires: requires.count, uses, imports: imports.count } };
}

/** Returns the path of a file relative to `@oclif/core`, with slashes. */
function pathWithinOclif(path: string): string {
  return path
    .split(sep)
    .join('/')
    .replace(/^.*\/@oclif\/core\//, '');
}

/**
 * An esbuild plugin that rewrites oclif. It records the counts of each bundled file in `seen`; with `expected`, the build
 * fails if the counts of a file differ.
 */
export function lazyOclif(seen: Map<string, RewriteCounts>, expected?: ExpectedCounts): Plugin {
  return {
    name: 'lazy-oclif',
    setup(builder) {
      builder.onLoad({ filter: /[\\/]@oclif[\\/]core[\\/]lib[\\/].*\.js$/ }, async ({ path }) => {
        const { contents, counts } = rewriteOclif(await readFile(path, 'utf8'));
        const file = pathWithinOclif(path);
        seen.set(file, counts);
        if (expected) requireCounts(file, counts, expected[file]);
        return { contents, loader: 'js' };
      });
    },
  };
}

function requireCounts(file: string, counts: RewriteCounts, expected?: RewriteCounts): void {
  const name = `@oclif/core/${file}`;
  if (!expected) throw new Error(`The build does not expect ${name} in a bundle.${ADVICE}`);
  requireCount(counts.imports, { file: name, pattern: IMPORT, expected: expected.imports }, ADVICE);
  requireCount(counts.requires, { file: name, pattern: REQUIRE, expected: expected.requires }, ADVICE);
  const pattern = 'NAME_1, for each of these names';
  requireCount(counts.uses, { file: name, pattern, expected: expected.uses }, ADVICE);
}

/** @throws Error if an expected file of oclif was not bundled */
export function requireAllSeen(seen: ReadonlyMap<string, RewriteCounts>, expected: ExpectedCounts): void {
  const missing = Object.keys(expected).find((file) => !seen.has(file));
  if (missing !== undefined) {
    throw new Error(`The build expects @oclif/core/${missing} in a bundle, but it was not bundled.${ADVICE}`);
  }
}
