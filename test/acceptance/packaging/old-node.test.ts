import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../helpers/cli/cli-harness.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';

const engines = (
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } }
).engines;

/** Runs a program of the package in a Node that has another version, and lists the files that it has loaded. */
function runIn(
  version: string,
  program: string,
): Promise<{ code: unknown; stderr: string; loaded: string[] }> {
  const preload = join(temporaryFolder(), 'preload.cjs');
  writeFileSync(
    preload,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });
    process.on('exit', () => process.stderr.write('loaded ' + Object.keys(require.cache).join(' ')));`,
  );
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['-r', preload, join(root, 'bin', program), '--version'],
      (error, _stdout, stderr) => {
        const [text = '', loaded = ''] = stderr.split('loaded ');
        const files = loaded.split(' ').filter((file) => file.startsWith(root));
        resolve({
          code: error?.code ?? 0,
          stderr: text,
          loaded: files.map((file) => file.slice(root.length)),
        });
      },
    );
  });
}

it.each(['run.js', 'kontrol.js'])(
  '%s reports which Node it needs to users of an old one, before it loads anything else',
  async (program) => {
    for (const version of ['18.20.8', '20.18.3', '6.17.1']) {
      const { code, stderr, loaded } = await runIn(version, program);
      expect(code).toBe(3);
      expect(stderr).toContain(`error: kitectl needs Node 20.19 or newer; this is Node ${version}.\nhint: `);
      expect(loaded.toSorted()).toEqual(['bin/check-node.js', `bin/${program}`]);
    }
  },
);

it.each(['20.19.0', '22.0.0', '100.0.0'])('the program runs with Node %s', async (version) => {
  expect(await runIn(version, 'run.js')).toMatchObject({ code: 0 });
});

it('the version of Node that the program needs is the one in package.json', () => {
  const [, major, minor] =
    /OLDEST = \[(\d+), (\d+)\]/.exec(readFileSync(join(root, 'bin/check-node.js'), 'utf8')) ?? [];
  expect(engines.node).toBe(`>=${major}.${minor}.0`);
});
