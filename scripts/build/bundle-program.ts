import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type BuildOptions, type BuildResult } from 'esbuild';
import { commandPartSources, findCommands, writeCommandTable } from './command-parts.js';
import { type ExpectedCounts, lazyOclif, requireAllSeen, type RewriteCounts } from './oclif-rewrites.js';
import {
  commandParts,
  externalImportModule,
  excludeParts,
  parts,
  requireAllExcluded,
} from './program-parts.js';

/**
 * Packages that are not bundled, because they are large and only used for certificates, for one kind of storage, for metrics,
 * by one command, or to develop oclif plugins.
 */
export const EXTERNAL = [
  'node-forge',
  'lmdb',
  'pg',
  'etcd3',
  'prom-client',
  'hdr-histogram-js',
  'tar',
  'typescript',
] as const;

const OPTIONS = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // Compiles `import()` to `require`, because starting the ES module loader takes longer than loading the modules.
  supported: { 'dynamic-import': false },
  external: [...EXTERNAL],
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  metafile: true,
  write: false,
  logLevel: 'warning',
} satisfies BuildOptions;

/** A file of the program. */
interface Bundle {
  readonly name: string;
  readonly input: Pick<BuildOptions, 'entryPoints' | 'stdin' | 'supported'>;
}

/** Collected while bundling, for the checks afterwards. */
interface BundleRecord {
  /** The files of oclif that were rewritten. */
  readonly oclif: Map<string, RewriteCounts>;
  /** The parts that were excluded from a bundle. */
  readonly excluded: Set<string>;
}

export interface BundleOptions {
  /** How often each rewrite of oclif must match. Default: not checked. */
  readonly expected?: ExpectedCounts;
}

export interface BundledProgram {
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Paths of all source files, relative to the repository. */
  readonly inputs: readonly string[];
  readonly oclif: ReadonlyMap<string, RewriteCounts>;
}

/** Reads how often the rewrites of oclif matched when they were last reviewed. */
export async function readExpectedCounts(): Promise<ExpectedCounts> {
  const text = await readFile(new URL('oclif-rewrites.json', import.meta.url), 'utf8');
  return JSON.parse(text) as ExpectedCounts;
}

/**
 * Bundles the program as files for the folder `outdir`: the main file, the parts with the commands, and the parts that few
 * commands need.
 *
 * @throws Error if a rewrite did not match as often as expected, if a part is included in every bundle, or if the part for
 *   local commands contains the client of kites
 */
export async function bundleProgram(
  root: string,
  outdir: string,
  { expected }: BundleOptions = {},
): Promise<BundledProgram> {
  const record: BundleRecord = { oclif: new Map(), excluded: new Set() };
  const commands = await findCommands(root);
  const bundles = bundleInputs(commandPartSources(commands));
  const plugins = [writeCommandTable(root, commands, record.excluded), excludeParts(root, record.excluded)];
  const results = await Promise.all(
    bundles.map(({ name, input }) =>
      build({
        ...OPTIONS,
        ...input,
        absWorkingDir: root,
        outfile: join(outdir, `${name}.cjs`),
        plugins: [
          // The part for oclif contains what the others exclude.
          ...(name === 'through-oclif' ? [externalImportModule(record.excluded)] : plugins),
          lazyOclif(record.oclif, expected),
        ],
      }),
    ),
  );
  if (expected) requireAllSeen(record.oclif, expected);
  requireAllExcluded(record.excluded);
  requireLocal(results[bundles.findIndex(({ name }) => name === commandParts.local)]);
  return {
    files: results
      .flatMap(({ outputFiles }) => outputFiles)
      .map(({ path, text }) => ({ path, text: escapeNonAscii(text) })),
    inputs: results.flatMap(({ metafile }) => Object.keys(metafile.inputs)),
    oclif: record.oclif,
  };
}

export async function writeProgram({ files }: BundledProgram): Promise<void> {
  await Promise.all(files.map(({ path, text }) => writeFile(path, text)));
}

function bundleInputs(sources: Readonly<{ [name: string]: string }>): Bundle[] {
  return [
    { name: 'cli', input: { entryPoints: ['src/cli.ts'] } },
    ...Object.entries(sources).map(([name, contents]) => ({
      name,
      input: { stdin: { contents, resolveDir: 'src', sourcefile: `${name}.ts` } },
    })),
    ...Object.entries(parts).map(([name, file]) => ({
      name,
      input: {
        entryPoints: [`src/lib/cli/${file}.ts`],
        // The only file that keeps `import()`, for ES modules of the user.
        ...(name === 'import-module' && { supported: {} }),
      },
    })),
  ];
}

function requireLocal(local: BuildResult<{ metafile: true }> | undefined): void {
  const client = Object.keys(local?.metafile.inputs ?? {}).find((file) => /node_modules\/ws\//.test(file));
  if (client !== undefined)
    throw new Error(`The part for local commands contains the client of kites: ${client}.`);
}

/**
 * Escapes non-ASCII characters. V8 needs half the memory for an ASCII string, and Node reads it in half the time. esbuild
 * does not escape regular expressions.
 */
function escapeNonAscii(code: string): string {
  return code.replaceAll(
    /[\u0080-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
