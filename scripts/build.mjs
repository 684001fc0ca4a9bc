// Builds everything that is published: dist/ (the library and the commands by tsc, the program as one file by esbuild)
// and the examples beside their sources.
import { execFile } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);

/**
 * oclif loads all of itself at once, and half of it only serves help and plugins. Its files are written by tsc, which
 * names what it imports `name_1` and reads it at each use: so each `require` can wait for the first use.
 */
const lazyOclif = {
  name: 'lazy-oclif',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]@oclif[\\/]core[\\/]lib[\\/].*\.js$/ }, async ({ path }) => ({
      contents: lazyRequires(await readFile(path, 'utf8')),
      loader: 'js',
    }));
  },
};

function lazyRequires(source) {
  const names = [];
  const declared = source.replace(
    /^const (\w+_\d+) = ((?:__import(?:Default|Star)\()?require\("[^"]+"\)\)?);$/gm,
    (_line, name, expression) => {
      names.push(name);
      return `let $${name}; const $get_${name} = () => ($${name} ??= ${expression});`;
    },
  );
  return names.reduce(
    (text, name) =>
      text
        .replace(new RegExp(`\\bnew ${name}((?:\\.\\w+)+)`, 'g'), `new ($get_${name}()$1)`)
        .replace(new RegExp(`(?<![\\w$])${name}\\b`, 'g'), `$get_${name}()`),
    declared,
  );
}

async function compileLibrary() {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  try {
    await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.build.json']);
  } catch (error) {
    throw new Error(`tsc found errors:\n${error.stdout ?? ''}${error.stderr ?? ''}`);
  }
}

async function bundleProgram() {
  await build({
    entryPoints: ['src/cli.ts'],
    outfile: 'dist/cli.cjs',
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // Large, and needed for certificates only.
    external: ['node-forge'],
    legalComments: 'external',
    plugins: [lazyOclif],
    logLevel: 'warning',
  });
}

async function compileExamples() {
  const names = await readdir('examples');
  for (const stale of names.filter((name) => name.endsWith('.js'))) await rm(join('examples', stale));
  const sources = names.filter((name) => name.endsWith('.ts')).map((name) => join('examples', name));
  await build({
    entryPoints: sources,
    outdir: 'examples',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
}

try {
  await rm('dist', { recursive: true, force: true });
  await Promise.all([compileLibrary(), bundleProgram(), compileExamples()]);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
