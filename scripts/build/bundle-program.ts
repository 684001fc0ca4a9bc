import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type BuildOptions, type BuildResult } from 'esbuild';
import { commandPartSources, findCommands, writeCommandTable } from './command-parts.js';
import { type ExpectedCounts, lazyOclif, requireAllSeen, type RewriteCounts } from './oclif-rewrites.js';
import { commandParts, leaveImport, leaveParts, parts, requireAllLeft } from './program-parts.js';

/**
 * Packages that stay apart. They are large, and needed for certificates only, for one kind of storage each, for metrics, for
 * one command each, for developing oclif plugins.
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
  // `import()` as `require`: the loader of ES modules takes longer to start than the modules to load.
  supported: { 'dynamic-import': false },
  external: [...EXTERNAL],
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  metafile: true,
  write: false,
  logLevel: 'warning',
} satisfies BuildOptions;

/** One file of the program. */
interface Bundle {
  readonly name: string;
  readonly input: Pick<BuildOptions, 'entryPoints' | 'stdin' | 'supported'>;
}

/** What the bundles say of themselves while they are made, for the checks after it. */
interface Record {
  /** The files of oclif that were rewritten. */
  readonly oclif: Map<string, RewriteCounts>;
  /** The parts that were left out of a bundle. */
  readonly left: Set<string>;
}

export interface BundleOptions {
  /** How often each rewrite of oclif must match. Default: it may match as it likes, as when the counts are recorded. */
  readonly expected?: ExpectedCounts;
}

export interface BundledProgram {
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** All source files, from the folder of the repository. */
  readonly inputs: readonly string[];
  readonly oclif: ReadonlyMap<string, RewriteCounts>;
}

/** How often the rewrites of oclif matched when somebody last looked at what they do. */
export async function readExpectedCounts(): Promise<ExpectedCounts> {
  const text = await readFile(new URL('oclif-rewrites.json', import.meta.url), 'utf8');
  return JSON.parse(text) as ExpectedCounts;
}

/**
 * The program as files for the folder `outdir`: the one that starts, the parts with the commands, and the parts that few
 * commands need.
 *
 * @throws Error where a rewrite did not match as often as it must, a part is in every bundle, or a local command is not local
 */
export async function bundleProgram(
  root: string,
  outdir: string,
  { expected }: BundleOptions = {},
): Promise<BundledProgram> {
  const record: Record = { oclif: new Map(), left: new Set() };
  const commands = await findCommands(root);
  const bundles = bundlesOf(commandPartSources(commands));
  const plugins = [writeCommandTable(root, commands, record.left), leaveParts(root, record.left)];
  const built = await Promise.all(
    bundles.map(({ name, input }) =>
      build({
        ...OPTIONS,
        ...input,
        absWorkingDir: root,
        outfile: join(outdir, `${name}.cjs`),
        plugins: [
          // The part for oclif holds what the others leave out.
          ...(name === 'through-oclif' ? [leaveImport(record.left)] : plugins),
          lazyOclif(record.oclif, expected),
        ],
      }),
    ),
  );
  if (expected) requireAllSeen(record.oclif, expected);
  requireAllLeft(record.left);
  requireLocal(built[bundles.findIndex(({ name }) => name === commandParts.local)]);
  return {
    files: built
      .flatMap(({ outputFiles }) => outputFiles)
      .map(({ path, text }) => ({ path, text: onlyAscii(text) })),
    inputs: built.flatMap(({ metafile }) => Object.keys(metafile.inputs)),
    oclif: record.oclif,
  };
}

export async function writeProgram({ files }: BundledProgram): Promise<void> {
  await Promise.all(files.map(({ path, text }) => writeFile(path, text)));
}

function bundlesOf(sources: Readonly<{ [name: string]: string }>): Bundle[] {
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
        // The one place where `import()` stays: it loads what only the loader of ES modules can.
        ...(name === 'import-module' && { supported: {} }),
      },
    })),
  ];
}

function requireLocal(local: BuildResult<{ metafile: true }> | undefined): void {
  const client = Object.keys(local?.metafile.inputs ?? {}).find((file) => /node_modules\/ws\//.test(file));
  if (client !== undefined)
    throw new Error(`The part for local commands holds the client of kites: ${client}.`);
}

/**
 * V8 keeps a string in half the memory, and Node reads it in half the time, when no character needs two bytes. esbuild
 * leaves those of regular expressions as they are.
 */
function onlyAscii(code: string): string {
  return code.replaceAll(
    /[\u0080-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
