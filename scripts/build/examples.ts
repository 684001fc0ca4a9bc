import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/** Compiles the examples beside their sources. */
export async function compileExamples(root: string): Promise<void> {
  const folder = join(root, 'examples');
  const names = await readdir(folder);
  await Promise.all(names.filter((name) => name.endsWith('.js')).map((name) => rm(join(folder, name))));
  await Promise.all([
    build({
      entryPoints: names.filter((name) => name.endsWith('.ts')).map((name) => join(folder, name)),
      outdir: folder,
      format: 'esm',
      target: 'node20',
      logLevel: 'warning',
    }),
    compileBrowserExample(root, join(folder, 'browser')),
  ]);
}

/** The page of the example is one file, as a bundler would make it of a program of yours. */
async function compileBrowserExample(root: string, folder: string): Promise<void> {
  await Promise.all([
    build({
      entryPoints: [join(folder, 'page.ts')],
      outfile: join(folder, 'page.js'),
      bundle: true,
      alias: { 'kitectl/browser': join(root, 'src', 'lib', 'browser.ts') },
      format: 'esm',
      target: 'es2022',
      logLevel: 'warning',
    }),
    build({
      entryPoints: [join(folder, 'server.ts')],
      outfile: join(folder, 'server.js'),
      format: 'esm',
      target: 'node20',
      logLevel: 'warning',
    }),
  ]);
}
