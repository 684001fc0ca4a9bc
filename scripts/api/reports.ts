import { mkdir, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EntryPointDescription, describeEntryPoints } from './entry-points.js';

/** Writes the reports of the package in `root`, and removes the reports of former entry points. */
export async function writeReports(root: string): Promise<void> {
  const reports = await makeReports(root);
  const folder = join(root, 'api');
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) if (!reports.has(name)) await rm(join(folder, name));
  for (const [name, text] of reports) await writeFile(join(folder, name), text);
}

/** Returns the paths, relative to the package, of the reports that `writeReports` would change, add or remove. */
export async function staleReports(root: string): Promise<string[]> {
  const reports = await makeReports(root);
  const existing = await readdir(join(root, 'api'));
  const stale: string[] = [];
  for (const name of new Set([...reports.keys(), ...existing])) {
    const text = await readFile(join(root, 'api', name), 'utf8').catch(() => undefined);
    if (text !== reports.get(name)) stale.push(`api/${name}`);
  }
  return stale.toSorted((a, b) => (a < b ? -1 : 1));
}

/** Returns the contents of the reports by file name. */
async function makeReports(root: string): Promise<ReadonlyMap<string, string>> {
  const { name: packageName, exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly exports: Readonly<Record<string, { readonly types?: string }>>;
  };
  // The compiler resolves symbolic links and uses slashes on every platform.
  const base = (await realpath(root)).replaceAll('\\', '/').replace(/\/$/, '');
  const entryPoints = Object.entries(exports).flatMap(([path, { types }]) =>
    types === undefined ? [] : [{ name: packageName + path.slice(1), file: base + types.slice(1) }],
  );
  return new Map(
    describeEntryPoints(base, entryPoints).map((description) => [
      `${description.name.replaceAll('/', '-')}.api.md`,
      formatReport(description),
    ]),
  );
}

function formatReport({
  name,
  exported,
  internal,
  imported,
  reExported,
  shared,
}: EntryPointDescription): string {
  const lines = (lists: EntryPointDescription['imported'], keyword: string) =>
    lists.map(({ from, names }) => `${keyword} { ${names.join(', ')} } from '${from}';`);
  const sections: [title: string, declarations: readonly string[]][] = [
    ['Exports', [...lines(reExported, 'export'), ...exported.map((text) => `export ${text}`)]],
    ['Types that exports use, and that cannot be imported', internal],
    ['Described in other reports', lines(shared, 'use')],
    ['Imports', lines(imported, 'import type')],
  ];
  const blocks = sections
    .filter(([, declarations]) => declarations.length > 0)
    .map(([title, declarations]) => `## ${title}\n\n\`\`\`ts\n${declarations.join('\n\n')}\n\`\`\`\n`);
  return [`# ${name}\n`, 'Generated from the build by `npm run api`. Do not edit.\n', ...blocks].join('\n');
}
