import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { usedBy } from '../../helpers/import-graph.js';
import { root, sourceFiles } from '../../helpers/source-files.js';
import { COVERED_BY_ACCEPTANCE } from './covered-by-acceptance.js';

// Each unit test is found by the name of its file: test/unit/kite/kite.test.ts tests src/lib/kite/kite.ts.

const UNIT = 'test/unit/';
const TEST = '.test.ts';

const unitTests = readdirSync(join(root, UNIT), { recursive: true, encoding: 'utf8' })
  .map((name) => UNIT + name.replaceAll('\\', '/'))
  .filter((path) => path.endsWith(TEST) && !path.startsWith(`${UNIT}structure/`));

/** The tested file of a unit test: in src/lib, in src, or a script. */
function subjectOf(test: string): string | undefined {
  const name = test.slice(UNIT.length, -TEST.length);
  return [`src/lib/${name}.ts`, `src/${name}.ts`, `${name}.ts`].find((path) => existsSync(join(root, path)));
}

const textOf = new Map(sourceFiles().map(({ path, text }) => [path, text]));

/** Whether a file contains no code: it declares types, or re-exports. */
function isOnlyDeclarations(path: string): boolean {
  const { code } = transformSync(textOf.get(path) ?? '', {
    loader: 'ts',
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  return (
    code
      .replaceAll(/^(?:import|export)\s*(?:\{[^}]*\}|\*(?: as \w+)?)?\s*(?:from\s*)?"[^"]+";$/gm, '')
      .replaceAll(/^export \{\s*\};?$/gm, '')
      .replaceAll(/\/\/.*|\/\*[\s\S]*?\*\//g, '')
      .trim() === ''
  );
}

const mirrored = new Set(unitTests.map(subjectOf));
const library = sourceFiles()
  .map(({ path }) => path)
  .filter((path) => path.startsWith('src/lib/') && !path.endsWith('.d.ts'));
const untested = library.filter((path) => !mirrored.has(path) && !isOnlyDeclarations(path));
const listed = Object.entries(COVERED_BY_ACCEPTANCE).flatMap(([test, names]) =>
  names.map((name) => ({ test: `test/acceptance/${test}${TEST}`, source: `src/lib/${name}.ts` })),
);

describe('test/unit', () => {
  it(`test/unit has ${unitTests.length} tests, each at the mirrored path of a source file that it uses`, () => {
    const astray = unitTests.filter((test) => {
      const subject = subjectOf(test);
      return subject === undefined || !usedBy(test).has(subject);
    });
    expect(astray).toEqual([]);
    expect(unitTests.length).toBeGreaterThan(100);
  });
});

describe('src/lib', () => {
  it('each file of src/lib has a unit test or an entry in the list of acceptance tests', () => {
    const tested = library.filter((path) => mirrored.has(path)).length;
    console.log(
      `${library.length} files of src/lib: ${tested} with a unit test, ${listed.length} covered by ` +
        `${Object.keys(COVERED_BY_ACCEPTANCE).length} acceptance tests, ` +
        `${library.length - tested - untested.length} with declarations only`,
    );
    const named = new Set(listed.map(({ source }) => source));
    expect(untested.filter((path) => !named.has(path))).toEqual([]);
  });

  it('the list of acceptance tests has no file that is missing, has a unit test, or is listed twice', () => {
    const names = new Set(untested);
    expect(listed.filter(({ source }) => !names.has(source))).toEqual([]);
    expect(new Set(listed.map(({ source }) => source)).size).toBe(listed.length);
  });

  it('each acceptance test uses the files that the list has for it', () => {
    const unused = Object.entries(COVERED_BY_ACCEPTANCE).flatMap(([name, sources]) => {
      const used = usedBy(`test/acceptance/${name}${TEST}`);
      return sources.filter((source) => !used.has(`src/lib/${source}.ts`)).map((source) => [name, source]);
    });
    expect(unused).toEqual([]);
  });
});
