import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../helpers/cli/cli-harness.js';
import { runLines } from '../../helpers/cli/line-process.js';

const run = promisify(execFile);

let copy: string;

/** Runs a check in a copy of its files, so that the repository does not change. */
async function check(script = 'manifest.ts'): Promise<{ code: number; stderr: string }> {
  try {
    await run(process.execPath, ['--import', 'tsx', join('scripts', script), '--check'], { cwd: copy });
    return { code: 0, stderr: '' };
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    return { code, stderr };
  }
}

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'kitectl-manifest-test-'));
  for (const name of ['scripts', 'docs', 'package.json', 'oclif.manifest.json']) {
    await cp(join(root, name), join(copy, name), { recursive: true });
  }
  for (const name of ['dist', 'node_modules', 'src'])
    await symlink(join(root, name), join(copy, name), 'junction');
});

afterAll(() => rm(copy, { recursive: true, force: true }));

describe('the manifest of the commands', () => {
  it('the manifest describes the commands and contains nothing about this machine', async () => {
    expect(await check()).toEqual({ code: 0, stderr: '' });
    expect(await readFile(join(root, 'oclif.manifest.json'), 'utf8')).not.toContain('".."');
  });

  it('the check of the manifest fails with a hint after a command changed', async () => {
    const file = join(copy, 'oclif.manifest.json');
    const fresh = await readFile(file, 'utf8');
    await writeFile(file, fresh.replace('Call a method of a kite', 'Call something'));
    const { code, stderr } = await check();
    expect(code).toBe(1);
    expect(stderr).toContain('npm run manifest');
    await writeFile(file, fresh);
  });
});

describe('docs/cli.md', () => {
  it('the check of docs/cli.md fails with a hint after a command changed', async () => {
    expect(await check('docs.ts')).toEqual({ code: 0, stderr: '' });
    const file = join(copy, 'docs', 'cli.md');
    await writeFile(
      file,
      (await readFile(file, 'utf8')).replace('Call a method of a kite', 'Call something'),
    );
    const { code, stderr } = await check('docs.ts');
    expect(code).toBe(1);
    expect(stderr).toContain('npm run docs');
  });
});

describe('the help of each command', () => {
  it('the help of each command starts with examples that can be typed', async () => {
    const { commands } = JSON.parse(await readFile(join(root, 'oclif.manifest.json'), 'utf8')) as {
      commands: Record<string, { id: string; examples?: unknown[]; flags: object }>;
    };
    const all = Object.values(commands).map(({ id, examples = [] }) => ({ words: id.split(':'), examples }));
    const helps = await runLines(
      all.map(({ words }) => [...words, '--help']),
      { home: copy },
    );
    for (const [index, { words, examples }] of all.entries()) {
      const { stdout = '' } = helps[index] ?? {};
      const headings = stdout.match(/^[A-Z]{2}[A-Z ]*$/gm);
      expect([words, headings?.[0]]).toEqual([words, 'EXAMPLES']);
      expect([words, /^USAGE\n(?: {2}.*\n)+/m.exec(stdout)?.[0].match(/\|\s*\]|\s\]/)]).toEqual([
        words,
        null,
      ]);
      expect(examples.length).toBeGreaterThan(0);
      expect(stdout).toMatch(new RegExp(`kitectl (?:${words.join(' ')}|context -)`));
    }
    expect(all.length).toBeGreaterThan(40);
  });
});
