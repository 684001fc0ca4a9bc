// Builds everything that is published: dist/ (the library and the commands by tsc; the program, and the library for browser
// pages, by esbuild) and the examples beside their sources.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { bundleForBrowsers } from './build/browser-bundle.js';
import { bundleProgram, readExpectedCounts, writeProgram } from './build/bundle-program.js';
import { compileLibrary, makeCodeCaches } from './build/compile-library.js';
import { compileExamples } from './build/examples.js';
import { noticesOf } from './build/notices.js';
import { root } from './build/paths.js';
import { buildUi } from './build/ui-bundle.js';

/** Where everything is made, to replace dist/ only when it is complete: programs and tests may be running from it. */
const made = join(root, 'node_modules', '.cache', `kitectl-build-${process.pid}`);

async function buildInto(outdir: string): Promise<void> {
  const [program, ui] = await Promise.all([
    bundleProgram(root, outdir, { expected: await readExpectedCounts() }),
    buildUi(root, join(outdir, 'ui')),
    compileLibrary(root, outdir),
    bundleForBrowsers(root, join(outdir, 'browser')),
    compileExamples(root),
  ]);
  await writeProgram(program);
  await writeFile(join(outdir, 'THIRD-PARTY-NOTICES.txt'), await noticesOf(root, [...program.inputs, ...ui]));
  const others = (process.env['CODE_CACHE_NODES'] ?? '').split(delimiter).filter((node) => node !== '');
  await makeCodeCaches(root, outdir, others);
}

async function replaceDist(fresh: string): Promise<void> {
  const dist = join(root, 'dist');
  const old = `${fresh}-old`;
  await rename(dist, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(fresh, dist);
  await rm(old, { recursive: true, force: true });
}

try {
  await mkdir(made, { recursive: true });
  await buildInto(made);
  await replaceDist(made);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await rm(made, { recursive: true, force: true });
}
