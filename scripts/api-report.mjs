// Writes the API reports: for each entry point of the package, what a program can import from it and the types that this
// refers to, without comments. A change of the public API is then a change of a file in api/, which reviewers see. With
// --check it writes nothing and fails when the committed reports are out of date. The package is this one, or the one in
// the folder that the last argument names.
//
// The declarations are read with the API of the TypeScript compiler, which calls itself unstable. Only
// api-declarations.mjs uses it.
import { mkdir, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeEntryPoints } from './api-declarations.mjs';

const { values, positionals } = parseArgs({
  options: { check: { type: 'boolean', default: false } },
  allowPositionals: true,
});
// The compiler follows symbolic links.
const root = await realpath(positionals[0] ?? join(dirname(fileURLToPath(import.meta.url)), '..'));
const folder = join(root, 'api');

/** The texts of the reports, by file name. */
async function makeReports() {
  const { name: packageName, exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  // Paths with slashes, as the compiler writes them on every system.
  const base = root.replaceAll('\\', '/');
  const entryPoints = Object.entries(exports)
    .filter(([, { types }]) => types !== undefined)
    .map(([path, { types }]) => ({
      name: `${packageName}${path.slice(1)}`,
      file: `${base}${types.slice(1)}`,
    }));
  return new Map(
    describeEntryPoints(base, entryPoints).map((entryPoint) => [
      `${entryPoint.name.replaceAll('/', '-')}.api.md`,
      textOf(entryPoint),
    ]),
  );
}

function textOf({ name, exported, internal, imported, reExported, shared }) {
  const lines = (lists, keyword) =>
    lists.map(({ from, names }) => `${keyword} { ${names.join(', ')} } from '${from}';`);
  const sections = [
    ['## Exports', lines(reExported, 'export'), exported.map((text) => `export ${text}`)],
    ['## Types that exports use, and that cannot be imported', internal],
    ['## Described in other reports', lines(shared, 'use')],
    ['## Imports', lines(imported, 'import type')],
  ].flatMap(([title, ...groups]) => {
    const declarations = groups.flat();
    return declarations.length === 0 ? [] : [title, `\`\`\`ts\n${declarations.join('\n\n')}\n\`\`\``];
  });
  const note = 'Made from the build by `npm run api`. Do not edit.';
  return `${[`# ${name}`, note, ...sections].join('\n\n')}\n`;
}

try {
  const reports = await makeReports();
  await mkdir(folder, { recursive: true });
  const existing = await readdir(folder);
  if (values.check) {
    const stale = [];
    for (const name of new Set([...reports.keys(), ...existing])) {
      const text = await readFile(join(folder, name), 'utf8').catch(() => undefined);
      if (text !== reports.get(name)) stale.push(`api/${name}`);
    }
    if (stale.length > 0) {
      throw new Error(
        `The public API differs from its reports: ${stale.join(', ')}. If the change is intended, renew and commit them: npm run api`,
      );
    }
  } else {
    for (const name of existing) if (!reports.has(name)) await rm(join(folder, name));
    for (const [name, text] of reports) await writeFile(join(folder, name), text);
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
