// Builds everything that is published: dist/ (the library and the commands by tsc, the program and the library for pages
// as one file each by esbuild) and the examples beside their sources.
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { makeCodeCaches, makeCodeCachesOf } from '../bin/code-cache.mjs';
import { bundleForBrowsers } from './browser-bundle.mjs';
import { buildUi } from './ui-bundle.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);

/** Where everything is made, to take the place of dist/ only when it is whole: programs and tests may be running from it. */
const made = join('node_modules', '.cache', `kitectl-build-${process.pid}`);

/**
 * oclif loads all of itself at once, and half of it only serves help and plugins. Its files are written by tsc, which
 * names what it imports `name_1` and reads it at each use: so each `require` can wait for the first use.
 */
const lazyOclif = {
  name: 'lazy-oclif',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]@oclif[\\/]core[\\/]lib[\\/].*\.js$/ }, async ({ path }) => ({
      contents: lazyRequires(
        (await readFile(path, 'utf8')).replaceAll(
          'await import((0, node_url_1.pathToFileURL)(filePath).href)',
          "await require('./import-module.cjs').importModule((0, node_url_1.pathToFileURL)(filePath).href)",
        ),
      ),
      loader: 'js',
    }));
  },
};

/** oclif imports the commands of `dist/commands` through the one part in which `import()` stays what it is. */
const leaveImport = {
  name: 'leave-import',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/import-module\.cjs$/ }, ({ path }) => ({ path, external: true }));
  },
};

function lazyRequires(source) {
  const names = [];
  const declared = source.replace(
    /^(?:const|var) (\w+_\d+) = ((?:__import(?:Default|Star)\()?require\("[^"]+"\)\)?);$/gm,
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
    await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', made]);
  } catch (error) {
    throw new Error(`tsc found errors:\n${error.stdout ?? ''}${error.stderr ?? ''}`, { cause: error });
  }
}

// What most commands do without is a file of its own: Node reads every file that it loads to the end. Each is whole, with a
// copy of what it shares with others, so that what passes between them must not be told apart by its class.
const parts = {
  'import-module': 'runtime/import-module',
  'installed-kites': 'kites/installed-kites',
  'kontrol-server': 'kontrol/kontrol-server',
  'proxy-server': 'proxy/proxy-server',
  questions: 'terminal/questions',
  terminal: 'terminal/terminal',
  'through-oclif': 'frame/through-oclif',
  yaml: 'terminal/yaml',
};

/** Commands that never call a kite, or do it in a part of their own: they do without what takes longest to load. */
const localCommands =
  /^(?:completion|install|keygen|list|run|showkey|uninstall|(?:config|context|keys)\/.*|(?:kontrol|proxy)\/start)$/;

/** Leaves the parts, and the half of oclif that is in the part for oclif, to be loaded when they are used. */
const leaveParts = {
  name: 'leave-parts',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ path, resolveDir }) => {
      const file = relative(join(root, 'src', 'lib', 'cli'), join(resolveDir, path));
      const part = Object.keys(parts).find((name) => file === `${parts[name]}.js`);
      return part && { path: `./${part}.cjs`, external: true };
    });
    onResolve({ filter: /^\.{1,2}\// }, async ({ path, importer }) => {
      if (!/[\\/]@oclif[\\/]core[\\/]lib[\\/]/.test(importer)) return undefined;
      const file = createRequire(importer).resolve(path);
      return /[\\/]lib[\\/](config|help)[\\/]index\.js$/.test(file)
        ? { path: './through-oclif.cjs', external: true }
        : undefined;
    });
    onResolve({ filter: /^\.\/commands-\w+\.cjs$/ }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /[\\/]src[\\/]cli\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replaceAll(
        /\bimport\('\.\/commands\/([\w/-]+)\.js'\)/g,
        (_import, name) => `import('./${partOf(name)}.cjs').then((part) => part.commands['${name}']())`,
      ),
      loader: 'ts',
    }));
  },
};

function partOf(command) {
  return localCommands.test(command) ? 'commands-local' : 'commands-network';
}

/** The two parts with the commands, each of which is loaded when it is used. */
async function partsWithCommands() {
  const files = await readdir('src/commands', { recursive: true });
  const names = files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length).replaceAll('\\', '/'));
  return ['commands-local', 'commands-network'].map((part) => {
    const own = names.filter((name) => partOf(name) === part).toSorted();
    const lines = own.map((name) => `'${name}': () => require('./commands/${name}.js'),`);
    const contents = `export const commands = {\n${lines.join('\n')}\n};`;
    return { name: part, input: { stdin: { contents, resolveDir: 'src', sourcefile: `${part}.ts` } } };
  });
}

async function bundleProgram() {
  const options = {
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // `import()` as `require`: the loader of ES modules takes longer to start than the modules to load.
    supported: { 'dynamic-import': false },
    // Large: needed for certificates only, for one kind of storage each, for metrics, for one command each, for developing
    // oclif plugins.
    external: ['node-forge', 'lmdb', 'pg', 'etcd3', 'prom-client', 'hdr-histogram-js', 'tar', 'typescript'],
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
  };
  const programs = [
    { name: 'cli', input: { entryPoints: ['src/cli.ts'] } },
    ...(await partsWithCommands()),
    ...Object.entries(parts).map(([name, file]) => ({
      name,
      input: { entryPoints: [join('src/lib/cli', `${file}.ts`)] },
    })),
  ];
  const bundles = await Promise.all(
    programs.map(({ name, input }) =>
      build({
        ...options,
        ...input,
        outfile: join(made, `${name}.cjs`),
        // The one place where `import()` is to load what only an ES module loader can.
        ...(name === 'import-module' && { supported: {} }),
        // The part for oclif is what the others leave out.
        plugins: name === 'through-oclif' ? [leaveImport, lazyOclif] : [leaveParts, lazyOclif],
      }),
    ),
  );
  const local = bundles[programs.findIndex(({ name }) => name === 'commands-local')];
  if (Object.keys(local.metafile.inputs).some((file) => /node_modules\/ws\//.test(file))) {
    throw new Error('One of the localCommands loads the client of kites: see scripts/build.mjs.');
  }
  for (const { path, text } of bundles.flatMap(({ outputFiles }) => outputFiles)) {
    await writeFile(path, onlyAscii(text));
  }
  return bundles.flatMap(({ metafile }) => Object.keys(metafile.inputs));
}

/**
 * V8 keeps a text in half the memory, and Node reads it in half the time, when none of its letters needs two bytes. esbuild
 * leaves those of regular expressions as they are.
 */
function onlyAscii(code) {
  return code.replaceAll(
    /[\u0080-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The licences of what the bundles contain: they ask to be passed on with the code. */
async function writeNotices(inputs) {
  const folders = new Set(inputs.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]));
  const notices = [];
  for (const folder of [...folders].filter(Boolean).toSorted((a, b) => a.localeCompare(b, 'en'))) {
    const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? '' : await readFile(join(folder, file), 'utf8');
    notices.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  await writeFile(join(made, 'THIRD-PARTY-NOTICES.txt'), notices.join(`\n${'-'.repeat(80)}\n\n`));
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

/** The page of the example in one file, as a program of yours would be made with a bundler. */
async function compilePageExample() {
  const folder = join('examples', 'browser');
  await Promise.all([
    build({
      entryPoints: [join(folder, 'page.ts')],
      outfile: join(folder, 'page.js'),
      bundle: true,
      alias: { 'kitectl/browser': './src/lib/browser.ts' },
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

async function replaceDist() {
  const old = `${made}-old`;
  await rename('dist', old).catch((error) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(made, 'dist');
  await rm(old, { recursive: true, force: true });
}

try {
  await mkdir(made, { recursive: true });
  const [program, ui] = await Promise.all([
    bundleProgram(),
    buildUi(root, join(made, 'ui')),
    compileLibrary(),
    bundleForBrowsers(root, join(made, 'browser')),
    compileExamples(),
    compilePageExample(),
  ]);
  await writeNotices([...program, ...ui]);
  await makeCodeCaches(join(root, made));
  const others = (process.env.CODE_CACHE_NODES ?? '').split(delimiter).filter((node) => node !== '');
  await makeCodeCachesOf(others, join(root, made));
  await replaceDist();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await rm(made, { recursive: true, force: true });
}
