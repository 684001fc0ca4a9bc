import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../cli/cli-harness.js';
import { type Page, parsePage } from './markdown.js';

/** Folders whose pages are documentation, and single pages. */
const FOLDERS = ['', 'docs', 'examples', '.github'];

/** Every page of documentation. */
export function allPages(): Page[] {
  return FOLDERS.flatMap((folder) => markdownIn(folder)).map((path) =>
    parsePage(path, readFileSync(join(root, path), 'utf8').replaceAll('\r\n', '\n')),
  );
}

function markdownIn(folder: string): string[] {
  return filesIn(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => (folder === '' ? name : `${folder}/${name}`))
    .toSorted();
}

/** Folders that are not there hold nothing. */
function filesIn(folder: string): string[] {
  try {
    return readdirSync(join(root, folder));
  } catch {
    return [];
  }
}
