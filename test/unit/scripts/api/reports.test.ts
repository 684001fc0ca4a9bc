import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { staleReports, writeReports } from '../../../../scripts/api/reports.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';

let folder: string;

/** A package with two entry points. The second re-exports the first, and refers to a type of it. */
beforeEach(async () => {
  folder = temporaryFolder();
  await write('package.json', {
    name: 'fruit',
    type: 'module',
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './seeds': { types: './dist/seeds.d.ts', default: './dist/seeds.js' },
      './package.json': './package.json',
    },
  });
  await mkdir(join(folder, 'dist'));
  await write(
    'dist/index.d.ts',
    `/** The fruit. */
    export { Apple, ripe } from './apple.js';
    export type { Tree } from './tree.js';`,
  );
  await write(
    'dist/apple.d.ts',
    `import type { Duplex } from 'node:stream';
    import type { Options } from './tree.js';
    interface Color { readonly name: 'red' /* not 'blue' */ | 'http://green'; }
    /** An apple. */
    export declare class Apple {
      /** Its color. */
      readonly color: Color;
      constructor(options: Options);
      pipe(): Duplex;
    }
    export declare const ripe: boolean;
    export declare function rotten(): boolean;`,
  );
  await write(
    'dist/tree.d.ts',
    `export interface Options { readonly size?: number; }
    export declare class Tree { constructor(secret: Soil); static plant(): Tree; readonly apples: number; }
    interface Soil { readonly wet: boolean; }`,
  );
  await write(
    'dist/seeds.d.ts',
    `interface Options { readonly count: number; }
    export { Apple } from './index.js';
    export declare function sow(options: Options): import('./tree.js').Tree;
    export declare function compare(a: import('./tree.js').Options): number;`,
  );
});

function write(name: string, content: unknown): Promise<void> {
  return writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
}

/** Replaces a part of a file, and resolves with the previous content. */
async function replaceIn(name: string, from: string, to: string): Promise<string> {
  const original = await readFile(join(folder, name), 'utf8');
  expect(original).toContain(from);
  await write(name, original.replace(from, to));
  return original;
}

const read = (name: string) => readFile(join(folder, 'api', name), 'utf8');

describe('the API report', () => {
  it('the API report lists for each entry point its exports and the types that they refer to, without comments', async () => {
    await writeReports(folder);
    expect(await readdir(join(folder, 'api'))).toEqual(['fruit-seeds.api.md', 'fruit.api.md']);
    expect(await read('fruit.api.md')).toBe(`# fruit

Generated from the build by \`npm run api\`. Do not edit.

## Exports

\`\`\`ts
export class Apple {
      readonly color: Color;
      constructor(options: Options);
      pipe(): Duplex;
    }

export type class Tree { readonly apples: number; }

export const ripe: boolean;
\`\`\`

## Types that exports use, and that cannot be imported

\`\`\`ts
interface Color { readonly name: 'red'  | 'http://green'; }

interface Options { readonly size?: number; }
\`\`\`

## Imports

\`\`\`ts
import type { Duplex } from 'node:stream';
\`\`\`
`);
  });

  it('the API report describes a declaration once, and gives distinct types distinct names', async () => {
    await writeReports(folder);
    expect(await read('fruit-seeds.api.md')).toBe(`# fruit/seeds

Generated from the build by \`npm run api\`. Do not edit.

## Exports

\`\`\`ts
export { Apple } from 'fruit';

export function compare(a: Options): number;

export function sow(options: Options_2): Tree;
\`\`\`

## Types that exports use, and that cannot be imported

\`\`\`ts
interface Options_2 { readonly count: number; }
\`\`\`

## Described in other reports

\`\`\`ts
use { Options, Tree } from 'fruit';
\`\`\`
`);
  });

  it('the API report is stale after an export, or a type that an export refers to, has changed', async () => {
    await writeReports(folder);
    expect(await staleReports(folder)).toEqual([]);
    const changes = [
      ['dist/tree.d.ts', 'size?', 'size', ['fruit']],
      ['dist/index.d.ts', 'Apple, ripe', 'Apple, ripe, rotten', ['fruit']],
      ['dist/apple.d.ts', 'options: Options', 'options?: Options', ['fruit']],
      ['dist/seeds.d.ts', '): number', '): string', ['fruit-seeds']],
      ['package.json', './seeds"', './pips"', ['fruit-pips', 'fruit-seeds']],
    ] as const;
    for (const [file, from, to, stale] of changes) {
      const original = await replaceIn(file, from, to);
      expect(await staleReports(folder)).toEqual(stale.map((name) => `api/${name}.api.md`));
      await write(file, original);
    }
  });

  it('the API report is not stale after a comment, or the constructor of a class that is exported as a type, has changed', async () => {
    await writeReports(folder);
    await replaceIn('dist/apple.d.ts', 'Its color.', 'The color of it.');
    await replaceIn('dist/tree.d.ts', 'secret: Soil', 'secret: string');
    expect(await staleReports(folder)).toEqual([]);
  });

  it('the API report requires a build if there are no declarations', async () => {
    await write('package.json', { name: 'fruit', exports: { '.': { types: './dist/none.d.ts' } } });
    await expect(writeReports(folder)).rejects.toThrow(
      /none\.d\.ts does not exist\. Build first: npm run build$/,
    );
  });

  it('the API report is removed with its entry point', async () => {
    await writeReports(folder);
    await replaceIn('package.json', './seeds"', './pips"');
    await writeReports(folder);
    expect(await readdir(join(folder, 'api'))).toEqual(['fruit-pips.api.md', 'fruit.api.md']);
  });
});
