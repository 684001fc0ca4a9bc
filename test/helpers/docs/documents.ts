import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../cli/cli-harness.js';
import { type Document, parseDocument } from './markdown.js';

/** The folders that contain documents. */
const FOLDERS = ['', 'docs', 'examples', '.github'];

/** Parses every document of the repository. */
export function allDocuments(): Document[] {
  return FOLDERS.flatMap((folder) => markdownIn(folder)).map((path) =>
    parseDocument(path, readFileSync(join(root, path), 'utf8').replaceAll('\r\n', '\n')),
  );
}

function markdownIn(folder: string): string[] {
  return filesIn(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => (folder === '' ? name : `${folder}/${name}`))
    .toSorted();
}

/** The files of a folder; none if it does not exist. */
function filesIn(folder: string): string[] {
  try {
    return readdirSync(join(root, folder));
  } catch {
    return [];
  }
}
