import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root, sourceFiles } from '../../helpers/source-files.js';

/** The types in the reports of the public API that exports refer to, and that cannot be imported. */
function unimportable(report: string): string[] {
  const [, section = ''] = report.split('## Types that exports use, and that cannot be imported');
  const [block = ''] = section.split('\n## ');
  return [...block.matchAll(/^(?:type |abstract )*(?:class|interface|type) (\w+)/gm)].map(
    ([, name = '']) => name,
  );
}

it('every type in a public signature can be imported from an entry point, if its file exports it', () => {
  const sources = sourceFiles().filter(({ path }) => path.startsWith('src/lib/'));
  const isExported = (name: string): boolean => {
    const declaration = new RegExp(`^export (?:abstract )?(?:class|interface|type) ${name}\\b`, 'm');
    return sources.some(({ text }) => declaration.test(text));
  };
  const reports = readdirSync(join(root, 'api')).map((name) => readFileSync(join(root, 'api', name), 'utf8'));
  const names = reports.flatMap(unimportable);
  const types = reports.flatMap((report) => [...report.matchAll(/\b[A-Z]\w+\b/g)].map(([name]) => name));
  console.log(
    `${reports.length} reports, ${new Set(types).size} names, ${names.length} types are local to their file`,
  );
  expect(names.filter(isExported)).toEqual([]);
  for (const name of ['Clock', 'BackoffOptions', 'ConfigurationError']) {
    const exporting = reports.filter((report) => new RegExp(`^export .*\\b${name}\\b`, 'm').test(report));
    expect([name, exporting.length > 0]).toEqual([name, true]);
  }
  expect(reports.length).toBeGreaterThanOrEqual(7);
});
