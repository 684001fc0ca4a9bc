import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Returns the licenses of the bundled packages, which have to be distributed with the code. */
export async function readNotices(root: string, inputs: readonly string[]): Promise<string> {
  const folders = new Set(
    inputs.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []),
  );
  const sorted = [...folders].toSorted((a, b) => a.localeCompare(b, 'en'));
  const notices = await Promise.all(sorted.map((folder) => readNotice(join(root, folder))));
  return notices.join(`\n${'-'.repeat(80)}\n\n`);
}

async function readNotice(folder: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const { name, version, license } = manifest as { name: string; version: string; license: string };
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? '' : await readFile(join(folder, file), 'utf8');
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}
