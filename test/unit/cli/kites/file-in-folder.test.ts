import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fileInFolder } from '../../../../src/lib/cli/kites/file-in-folder.js';

let base = '';
let folder = '';

beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'file-in-folder-')));
  folder = join(base, 'kite');
  await mkdir(join(folder, 'bin'), { recursive: true });
  await writeFile(join(folder, 'bin', 'math'), '');
  await writeFile(join(base, 'outside'), '');
});

afterEach(() => rm(base, { recursive: true }));

it('fileInFolder returns the path of a file in the folder, also through a link', async () => {
  await symlink(join(folder, 'bin', 'math'), join(folder, 'link'));
  expect(await fileInFolder(folder, 'bin/math')).toBe(join(folder, 'bin', 'math'));
  expect(await fileInFolder(folder, 'link')).toBe(join(folder, 'bin', 'math'));
});

it('fileInFolder returns undefined for a missing file, a folder, and a file outside the folder', async () => {
  await symlink(join(base, 'outside'), join(folder, 'escape'));
  for (const path of ['missing', 'bin', '.', '../outside', 'escape']) {
    expect(await fileInFolder(folder, path), path).toBeUndefined();
  }
});
