import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** Compiles `src` to `outdir`: the library, its types, and the commands for oclif. */
export async function compileLibrary(root: string, outdir: string): Promise<void> {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  await run([tsc, '-p', 'tsconfig.build.json', '--outDir', outdir], root, 'tsc found errors');
}

/** Creates the code caches of the program in `dist` for this Node and for other Node executables. */
export async function makeCodeCaches(root: string, dist: string, others: readonly string[]): Promise<void> {
  const script = join(root, 'bin', 'code-cache.mjs');
  for (const node of [process.execPath, ...others]) {
    await run([script, dist], root, `${node} failed to create its code cache`, node);
  }
}

async function run(
  args: readonly string[],
  cwd: string,
  failed: string,
  node = process.execPath,
): Promise<void> {
  try {
    await promisify(execFile)(node, args, { cwd });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
    throw new Error(`${failed}:\n${stdout}${stderr}`, { cause: error });
  }
}
