import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/** Compiles the examples next to their sources. */
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

/** Bundles the page of the example into one file, as a user's bundler would. */
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
