import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../helpers/cli/cli-harness.js';

/** The names of the examples: files, and the folder of the one that has several. */
async function examples(): Promise<string[]> {
  const entries = await readdir(join(root, 'examples'), { withFileTypes: true });
  return entries.flatMap((entry) => {
    if (entry.isDirectory()) return entry.name;
    return entry.name.endsWith('.ts') ? entry.name.slice(0, -'.ts'.length) : [];
  });
}

describe('the examples', () => {
  it('each example is run by a test', async () => {
    const names = await examples();
    expect(names.length).toBeGreaterThanOrEqual(6);
    for (const name of names) {
      // Chromium is started once for all tests of pages.
      const test =
        name === 'browser'
          ? 'test/acceptance/browser/browser-example.test.ts'
          : `test/acceptance/examples/${name}.test.ts`;
      expect([name, existsSync(join(root, test))]).toEqual([name, true]);
    }
  });

  it('each example is listed in examples/README.md with a command that runs it', async () => {
    const rows = (await readFile(join(root, 'examples', 'README.md'), 'utf8')).match(/^\| \[.*$/gm) ?? [];
    const listed = rows.map((row) => /^\| \[(\S+)\]\(\S+\) \| .+ \| `(.+)` \|$/.exec(row)?.slice(1) ?? [row]);
    expect(listed.map(([name]) => name)).toEqual(
      await examples().then((names) => expect.arrayContaining(names)),
    );
    for (const [name = '', command = ''] of listed) {
      const program = name === 'browser' ? 'browser/server' : name;
      expect(command).toMatch(new RegExp(`^node (?:--test )?examples/${program}\\.js`));
      expect(existsSync(join(root, 'examples', `${program}.js`))).toBe(true);
    }
  });
});
