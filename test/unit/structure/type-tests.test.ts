import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../helpers/source-files.js';

interface Package {
  readonly exports: Readonly<Record<string, string | { readonly types?: string }>>;
  readonly scripts: Readonly<Record<string, string>>;
}

const { exports, scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Package;
const entryPoints = Object.entries(exports)
  .filter(([, target]) => typeof target === 'object' && target.types !== undefined)
  .map(([path]) => path.replace(/^\./, 'kitectl'));

describe('the type tests', () => {
  it.each(entryPoints)(
    'type tests import %s by its name, and contain code that must not compile',
    async (name) => {
      const file = name.replace(/^kitectl\/(?=.)/, '').replaceAll('/', '-');
      const text = await readFile(join(root, 'test', 'types', `${file}.test-d.ts`), 'utf8');
      expect(text).toContain(`} from '${name}';`);
      expect(text).toMatch(/\bexpectTypeOf\b/);
      expect(text).toMatch(/\/\/ @ts-expect-error \w/);
    },
  );

  it('type tests are compiled by npm test, with all of test', async () => {
    const config = JSON.parse(await readFile(join(root, 'tsconfig.json'), 'utf8')) as {
      readonly include: readonly string[];
      readonly exclude: readonly string[];
    };
    expect(config.include).toContain('test');
    expect(config.exclude.filter((path) => path.startsWith('test/types'))).toEqual([]);
    expect(scripts['typecheck']).toMatch(/^tsc --noEmit(?: |$)/);
    expect(scripts['check']).toContain('npm run --silent typecheck');
    expect(scripts['test']).toContain('npm run --silent check');
  });
});
