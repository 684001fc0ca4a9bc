// Generates oclif.manifest.json, which help and completion use, from the commands in dist/. With --check, writes nothing and
// fails if the committed manifest differs.
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Interfaces } from '@oclif/core';
import { root } from './build/paths.js';

const file = join(root, 'oclif.manifest.json');

/** Returns the output of `oclif manifest`, which runs in a temporary folder because it deletes the old manifest first. */
async function generate(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'kitectl-manifest-')));
  try {
    await copyFile(join(root, 'package.json'), join(folder, 'package.json'));
    await symlink(join(root, 'dist'), join(folder, 'dist'), 'junction');
    const oclif = join(
      dirname(createRequire(import.meta.url).resolve('oclif/package.json')),
      'bin',
      'run.js',
    );
    await promisify(execFile)(process.execPath, [oclif, 'manifest'], {
      cwd: folder,
      // oclif would check for a newer version of itself and store the result in the user's cache.
      env: {
        ...process.env,
        NODE_ENV: 'production',
        OCLIF_SKIP_NEW_VERSION_CHECK: 'true',
        XDG_CACHE_HOME: folder,
      },
    }).catch((error: { readonly stderr?: string }) => {
      throw new Error(
        `The commands in dist/ cannot be loaded; build them first: npm run build\n${error.stderr ?? ''}`,
        { cause: error },
      );
    });
    return reproducible(await readFile(join(folder, 'oclif.manifest.json'), 'utf8'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Makes the manifest reproducible. oclif finds the commands through a link, so their paths are relative to the temporary
 * folder, and it lists them in directory order, which depends on the file system.
 */
function reproducible(text: string): string {
  const manifest = JSON.parse(text) as Interfaces.Manifest;
  const commands = Object.entries(manifest.commands)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([id, command]) => {
      const path = command.relativePath ?? [];
      return [id, { ...command, relativePath: path.slice(path.lastIndexOf('dist')) }];
    });
  return `${JSON.stringify({ ...manifest, commands: Object.fromEntries(commands) }, null, 2)}\n`;
}

try {
  const fresh = await generate();
  if (!process.argv.includes('--check')) {
    await writeFile(file, fresh);
  } else if ((await readFile(file, 'utf8').catch(() => '')) !== fresh) {
    throw new Error('oclif.manifest.json differs from the commands. Update and commit it: npm run manifest');
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
