import { existsSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readContexts } from '../../../src/lib/cli/settings/contexts.js';
import { withFileLock } from '../../../src/lib/keys/index.js';
import { Cli } from '../../helpers/cli/cli-harness.js';
import { sourceFiles } from '../../helpers/source-files.js';

let cli: Cli;
beforeAll(async () => {
  cli = await Cli.create();
});
afterAll(() => cli.remove());

describe('a file that several processes change', () => {
  it('20 commands that add contexts at the same time lose none', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `context-${index}`);
    const outcomes = await Promise.all(
      names.map((name) => cli.run(['context', 'add', name, '--kontrol', 'http://127.0.0.1:4000/kite'])),
    );
    expect(outcomes.filter(({ code }) => code !== 0)).toEqual([]);
    const home = join(cli.home, '.kite');
    expect([...readContexts({ KITE_HOME: home }).contexts.keys()].toSorted()).toEqual(names.toSorted());
    expect(readdirSync(home)).toEqual(['contexts.json']);
  });

  it('a lock of a file ends when the work fails', async () => {
    const file = join(cli.home, 'new', 'file');
    await expect(withFileLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withFileLock(file, () => Promise.resolve(4))).toBe(4);
    expect(readdirSync(join(cli.home, 'new'))).toEqual([]);
  });

  it('every file that is read and written again is changed under a lock', () => {
    // Files that others only create or append to are not among them.
    const writers = sourceFiles().filter(
      ({ path, text }) =>
        /\b(?:writeFiles|writeContexts)\(/.test(text) &&
        !/secure-files|key-pair\.ts|keygen\.ts|kite-key-file/.test(path),
    );
    console.log(`locks: ${writers.length} files change a file`);
    expect(writers.filter(({ text }) => !text.includes('withFileLock(')).map(({ path }) => path)).toEqual([]);
    expect(writers.length).toBeGreaterThanOrEqual(3);
  });
});

describe('the data folder of Kontrol', () => {
  it('a second Kontrol with another TMPDIR does not use a data folder whose path is long', async () => {
    const data = join(cli.home, 'a-long-name-'.repeat(15), 'data');
    const start = async (name: string) => {
      const folder = join(cli.home, name);
      await mkdir(folder);
      return cli.start(['kontrol', 'start', '--port', '0', '--json', '--data', data], {
        env: { TMPDIR: folder, KITE_HOME: join(folder, '.kite') },
      });
    };
    const first = await start('first');
    onTestFinished(async () => {
      first.child.kill('SIGTERM');
      await first.outcome;
      expect(existsSync(join(data, 'kontrol.lock'))).toBe(false);
    });
    await first.until(({ stdout }) => stdout.includes('\n'));
    expect(readdirSync(data)).toContain('kontrol.lock');
    const { code, stderr } = await (await start('second')).outcome;
    expect(code).toBe(3);
    expect(stderr).toContain(`is in use by another Kontrol, process ${first.child.pid}`);
  });
});
