import { execFile } from 'node:child_process';
import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { root } from '../../helpers/cli/cli-harness.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';

interface Manifest {
  readonly name: string;
  readonly repository: { readonly type: string; readonly url: string };
  readonly bugs: { readonly url: string };
  readonly homepage: string;
}

const manifestIn = async (folder: string) =>
  JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;

const slugOf = ({ repository }: Manifest) => /github\.com\/(.+)\.git$/.exec(repository.url)?.[1] ?? '';

const setRepository = (slug: string, folder: string) =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', 'scripts/repository.ts', slug, folder], {
    cwd: root,
  });

/** All files that mention the URL of the repository. */
async function documents(): Promise<string[]> {
  const names = await readdir(root);
  const nested = await Promise.all(
    ['.github', 'docs', 'examples', 'src'].map(async (folder) =>
      (await readdir(join(root, folder), { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name).slice(root.length)),
    ),
  );
  return [...names.filter((name) => /\.(?:md|json)$/.test(name)), ...nested.flat()];
}

describe('the repository of the package', () => {
  it('package.json has the issues and home page of its repository', async () => {
    const manifest = await manifestIn(root);
    const url = `https://github.com/${slugOf(manifest)}`;
    expect(manifest.repository).toEqual({ type: 'git', url: `git+${url}.git` });
    expect(manifest.bugs).toEqual({ url: `${url}/issues` });
    expect(manifest.homepage).toBe(`${url}#readme`);
  });

  it('the repository is the same in all files, and one command changes it in all of them', async () => {
    const manifest = await manifestIn(root);
    const slug = slugOf(manifest);
    const [owner] = slug.split('/');
    const mentions = new RegExp(`github\\.com/[\\w.-]+/${manifest.name}\\b|@${owner}\\b`, 'g');
    const folder = temporaryFolder();
    const files: string[] = [];
    for (const file of await documents()) {
      const found = (await readFile(join(root, file), 'utf8')).match(mentions) ?? [];
      for (const each of found) {
        if (each !== `@${owner}`) expect(`${file}: ${each}`).toBe(`${file}: github.com/${slug}`);
      }
      if (found.length === 0) continue;
      files.push(file);
      await cp(join(root, file), join(folder, file));
    }
    expect(files.length).toBeGreaterThanOrEqual(3);

    await setRepository('acme/kites', folder);
    for (const file of files) {
      expect((await readFile(join(folder, file), 'utf8')).match(mentions) ?? []).toEqual([]);
    }
    expect((await manifestIn(folder)).bugs.url).toBe('https://github.com/acme/kites/issues');
    expect(await readFile(join(folder, '.github', 'CODEOWNERS'), 'utf8')).toContain('@acme/maintainers');
  });

  it('the repository does not change without an owner and a name', async () => {
    await expect(setRepository('acme', temporaryFolder())).rejects.toMatchObject({
      stderr: 'Usage: npm run repository -- OWNER/NAME\n',
    });
  });
});
