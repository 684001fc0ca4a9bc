import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

/** Creates the files of a page in a separate folder. */
export function pageFolder(
  files: Readonly<Record<string, string>> = { 'index.html': '<!doctype html>', 'a.js': '1' },
): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'kitectl-page-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
}
