import { type Folder, structure } from '../structure/structure-table.js';
import { table } from './markdown.js';

/** The generated table of docs/architecture.md: every folder of `src`, from top to bottom. */
export const folderTables: Readonly<Record<string, () => string>> = {
  folders: () =>
    table(
      ['folder', 'content', 'may import'],
      structure.flatMap((folder, index) => rows(folder, 'src', importsOf(folder, index))),
    ),
};

function rows({ name, about, folders = [] }: Folder, parent: string, imports: string): string[][] {
  const path = name === '.' ? parent : `${parent}/${name}`;
  // A folder with subfolders describes its own files in a row named ".".
  const files = folders.find((folder) => folder.name === '.');
  return [
    [`\`${path}/\``, files?.about ?? about, imports],
    ...folders.filter((folder) => folder !== files).flatMap((folder) => rows(folder, path, '')),
  ];
}

function importsOf({ imports }: Folder, index: number): string {
  if (imports) return imports.map((name) => `\`${name}\``).join(', ');
  return index === structure.length - 1 ? 'none' : 'all folders below';
}
