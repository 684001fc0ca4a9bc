// Builds everything that is published: dist/ and the examples. tsc compiles the library and the commands; esbuild bundles the
// program and the library for browser pages.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { bundleForBrowsers } from './build/browser-bundle.js';
import { bundleProgram, readExpectedCounts, writeProgram } from './build/bundle-program.js';
import { compileLibrary, makeCodeCaches } from './build/compile-library.js';
import { compileExamples } from './build/examples.js';
import { readNotices } from './build/notices.js';
import { root } from './build/paths.js';
import { buildUi } from './build/ui-bundle.js';

/** Build folder that replaces dist/ only when it is complete, because programs and tests may be running from dist/. */
const buildFolder = join(root, 'node_modules', '.cache', `kitectl-build-${process.pid}`);

async function buildInto(outdir: string): Promise<void> {
  const [program, ui] = await Promise.all([
    bundleProgram(root, outdir, { expected: await readExpectedCounts() }),
    buildUi(root, join(outdir, 'ui')),
    compileLibrary(root, outdir),
    bundleForBrowsers(root, join(outdir, 'browser')),
    compileExamples(root),
  ]);
  await writeProgram(program);
  await writeFile(
    join(outdir, 'THIRD-PARTY-NOTICES.txt'),
    await readNotices(root, [...program.inputs, ...ui]),
  );
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
  await mkdir(buildFolder, { recursive: true });
  await buildInto(buildFolder);
  await replaceDist(buildFolder);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await rm(buildFolder, { recursive: true, force: true });
}
