import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cleanEnv, root } from '../../helpers/cli/cli-harness.js';

const { cacheFolder } = createRequire(import.meta.url)('../../../bin/load.js') as {
  readonly cacheFolder: (dist: string) => string;
};
const dist = join(root, 'dist');

let copy: string;

beforeEach(async () => {
  copy = await mkdtemp(join(tmpdir(), 'kitectl-code-cache-test-'));
  for (const name of ['bin', 'package.json']) {
    await cp(join(root, name), join(copy, name), { recursive: true });
  }
  await mkdir(join(copy, 'dist'));
  const programs = (await readdir(dist)).filter((name) => name.endsWith('.cjs'));
  for (const name of programs) await cp(join(dist, name), join(copy, 'dist', name));
});

afterEach(() => rm(copy, { recursive: true, force: true }));

/** The output of the copied program. */
async function run(...args: string[]): Promise<string> {
  const program = join(copy, 'bin', 'run.js');
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, ...args], {
    env: cleanEnv(copy),
  });
  return stdout + stderr;
}

describe('the code caches', () => {
  it('the code caches are those of the files that are loaded most, and V8 accepts them', async () => {
    const files = await readdir(cacheFolder(dist));
    expect(files.toSorted()).toEqual([
      'cli.cjs.bin',
      'commands-local.cjs.bin',
      'commands-network.cjs.bin',
      'through-oclif.cjs.bin',
    ]);
    // In a separate process: V8 rejects a cache after its flags have changed, as other tests do.
    const taken = `require('./bin/load.js').load('${join(dist, 'cli.cjs')}', (file, script) =>
      console.log(require('node:path').basename(file), script.cachedDataRejected))`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', taken], {
      cwd: root,
      env: cleanEnv(copy),
    });
    expect(stdout).toBe('cli.cjs false\n');
  });

  it('the code caches contain nothing about the machine that built them', async () => {
    for (const file of await readdir(cacheFolder(dist))) {
      const cache = await readFile(join(cacheFolder(dist), file), 'latin1');
      expect([file, cache.includes(root), cache.includes(tmpdir())]).toEqual([file, false, false]);
    }
  });

  it('the program works the same with a broken code cache or one of another Node version', async () => {
    const version = await run('--version');
    expect(version).toMatch(/^kitectl\/\d/);
    const folder = cacheFolder(join(copy, 'dist'));
    await mkdir(folder, { recursive: true });
    const cache = await readFile(join(cacheFolder(dist), 'cli.cjs.bin'));
    for (const content of [Buffer.alloc(0), Buffer.from('nonsense'), cache.subarray(0, 1000), cache]) {
      await writeFile(join(folder, 'cli.cjs.bin'), content);
      expect(await run('--version')).toBe(version);
    }
  });
});
