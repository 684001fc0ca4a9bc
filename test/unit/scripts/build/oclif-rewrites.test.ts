import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readExpectedCounts } from '../../../../scripts/build/bundle-program.js';
import {
  type ExpectedCounts,
  lazyOclif,
  requireAllSeen,
  rewriteOclif,
} from '../../../../scripts/build/oclif-rewrites.js';

const installed = dirname(createRequire(import.meta.url).resolve('@oclif/core/package.json'));
const expected = await readExpectedCounts();

let folder: string;
let oclif: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kitectl-oclif-'));
  oclif = join(folder, '@oclif', 'core');
  await cp(join(installed, 'lib'), join(oclif, 'lib'), { recursive: true });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Bundles the part of the copy that commands need, as the build does. */
async function bundleCopy(counts: ExpectedCounts = expected): Promise<ReadonlySet<string>> {
  const seen = new Map();
  await build({
    entryPoints: [join(oclif, 'lib', 'command.js')],
    bundle: true,
    platform: 'node',
    packages: 'external',
    external: ['./import-module.cjs'],
    write: false,
    logLevel: 'silent',
    plugins: [lazyOclif(seen, counts)],
  });
  return new Set(seen.keys());
}

/** Removes the first line of a file of the copy that `line` matches, until the test ends. */
async function removeLine(file: string, line: RegExp): Promise<void> {
  const path = join(oclif, file);
  const text = await readFile(path, 'utf8');
  const lines = text.split('\n');
  const index = lines.findIndex((one) => line.test(one));
  expect(index).not.toBe(-1);
  await writeFile(path, lines.toSpliced(index, 1).join('\n'));
  onTestFinished(() => writeFile(path, text));
}

describe('the rewrites of oclif', () => {
  it('the rewrites of oclif match the installed oclif as often as expected', async () => {
    const files = await bundleCopy();
    expect(files.size).toBeGreaterThan(30);
  });

  it.each([
    {
      what: 'a require at the top',
      file: 'lib/command.js',
      line: /^const cache_1 = /,
      pattern: 'require\\(',
    },
    { what: 'a use of a module', file: 'lib/command.js', line: /ux_1\.ux\.action\.stop/, pattern: 'NAME_1' },
    {
      what: 'a dynamic import',
      file: 'lib/module-loader.js',
      line: /await import\(/,
      pattern: 'await import(',
    },
  ])(
    'the rewrites of oclif fail the build if $what is missing from oclif',
    async ({ file, line, pattern }) => {
      await removeLine(file, line);
      const error: unknown = await bundleCopy().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      const { message } = error as Error;
      expect(message).toContain(`The build rewrites @oclif/core/${file}: the pattern `);
      expect(message).toContain(pattern);
      expect(message).toMatch(/matched \d+ times?, expected \d+ times?\./);
      expect(message).toContain('npm run oclif-counts');
    },
  );

  it('the rewrites of oclif fail the build if oclif loads an unexpected file', async () => {
    const { 'lib/command.js': _command, ...others } = expected;
    await expect(bundleCopy(others)).rejects.toThrow(
      'The build does not expect @oclif/core/lib/command.js in a bundle.',
    );
  });

  it('the rewrites of oclif fail the build if an expected file is in no bundle', async () => {
    expect(() => requireAllSeen(new Map(), { 'lib/gone.js': { requires: 1, uses: 1, imports: 0 } })).toThrow(
      'The build expects @oclif/core/lib/gone.js in a bundle, and it is in none.',
    );
  });

  it('the rewrites of oclif delay each require until its first use, and keep its result', () => {
    const { contents, counts } = rewriteOclif(
      [
        'const one_1 = require("one");',
        'var two_2 = __importDefault(require("two"));',
        'exports.f = () => new two_2.default.Thing((0, one_1.g)(), one_1.h);',
      ].join('\n'),
    );
    expect(counts).toEqual({ requires: 2, uses: 3, imports: 0 });
    const loaded: string[] = [];
    const require = (name: string): object => {
      loaded.push(name);
      return name === 'one' ? { g: () => 1, h: 2 } : { Thing: Array };
    };
    const exports: { f?: () => unknown } = {};
    const run = compileFunction(contents, ['require', 'exports', '__importDefault']);
    run(require, exports, (module: unknown) => ({ default: module }));
    expect(loaded).toEqual([]);
    expect(exports.f?.()).toEqual([1, 2]);
    expect(exports.f?.()).toEqual([1, 2]);
    expect(loaded).toEqual(['two', 'one']);
  });
});
