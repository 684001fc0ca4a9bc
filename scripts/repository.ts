// Writes the owner and the name of the GitHub repository into all files that contain them:
//
//     npm run repository -- OWNER/NAME
//
// `repository` in package.json contains the current ones. The optional second argument is the folder of the package.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './build/paths.js';

const [repositoryName = '', folder = root] = process.argv.slice(2);
const FILES = ['package.json', '.github/CODEOWNERS', '.github/ISSUE_TEMPLATE/config.yml'];

try {
  const [, owner] = /^([\w.-]+)\/[\w.-]+$/.exec(repositoryName) ?? [];
  if (owner === undefined) throw new Error('Usage: npm run repository -- OWNER/NAME');
  const { repository } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    readonly repository: { readonly url: string };
  };
  const [, current = '', currentOwner = ''] = /github\.com\/(([^/]+)\/.+)\.git$/.exec(repository.url) ?? [];
  for (const file of FILES) {
    const text = await readFile(join(folder, file), 'utf8');
    await writeFile(
      join(folder, file),
      text
        .replaceAll(`github.com/${current}`, `github.com/${repositoryName}`)
        .replaceAll(`@${currentOwner}/`, `@${owner}/`),
    );
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
