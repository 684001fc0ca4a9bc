import { findCycles } from './cycles.js';
import type { ImportGraph } from './source-imports.js';
import type { Folder } from './structure-table.js';

export interface StructureReport {
  readonly files: number;
  readonly imports: number;
  readonly folders: number;
  /** One line per problem; empty if the files match the table. */
  readonly problems: readonly string[];
}

/** The declared folders that contain a file, from the outermost to the innermost. */
type FolderPath = readonly FolderStep[];

interface FolderStep {
  readonly folder: Folder;
  /** The list that contains the folder. */
  readonly list: readonly Folder[];
  /** The path of the folder, such as `lib/kite/call`. */
  readonly path: string;
  /** The path of the file in the folder, without `.ts`. */
  readonly file: string;
}

/** Checks the imports between files against the declared folders. */
export function checkStructure(graph: ImportGraph, folders: readonly Folder[]): StructureReport {
  const problems: string[] = [];
  const paths = new Map<string, FolderPath>();
  for (const path of graph.keys()) {
    const folderPath = findFolderPath(path, folders);
    if (folderPath) paths.set(path, folderPath);
    else problems.push(`${path} is not in a declared folder`);
  }
  const imported = new Map<Folder, ImportedFiles>();
  let imports = 0;
  for (const [path, targets] of graph) {
    for (const target of targets) {
      imports++;
      const from = paths.get(path);
      const to = paths.get(target);
      if (from && to) problems.push(...checkImport({ path, from, target, to, imported }));
    }
  }
  for (const cycle of findCycles(graph)) problems.push(`These files import each other: ${cycle.join(' → ')}`);
  const all = allFolders(folders);
  problems.push(...checkTable(all, paths, imported));
  return { files: graph.size, imports, folders: all.length, problems };
}

function findFolderPath(path: string, list: readonly Folder[], base = ''): FolderPath | undefined {
  const below = path.slice(base.length);
  const direct = !below.includes('/');
  const folder = list
    .filter(({ name }) => (name === '.' ? direct : below.startsWith(`${name}/`)))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
  if (!folder) return undefined;
  const start = folder.name === '.' ? base : `${base}${folder.name}/`;
  const file = path.slice(start.length).replace(/\.ts$/, '');
  const step: FolderStep = { folder, list, path: start.slice(0, -1) || '.', file };
  if (folder.folders) {
    const rest = findFolderPath(path, folder.folders, start);
    return rest && [step, ...rest];
  }
  return file.includes('/') && folder.nested !== true ? undefined : [step];
}

interface Import {
  readonly path: string;
  readonly from: FolderPath;
  readonly target: string;
  readonly to: FolderPath;
  readonly imported: Map<Folder, ImportedFiles>;
}

/** The files of a folder that are imported by folders of the same list, and by folders of other lists. */
interface ImportedFiles {
  readonly entries: Set<string>;
  readonly exports: Set<string>;
}

function checkImport({ path, from, target, to, imported }: Import): string[] {
  const level = to.findIndex(({ folder }, index) => folder !== from[index]?.folder);
  const [source, entry] = [from[level], to[level]];
  if (!source || !entry) return [];
  const problems: string[] = [];
  if (!mayImport(source.folder, entry.folder, entry.list)) {
    problems.push(`${path} imports ${target}: ${source.path} must not import ${entry.path}`);
  }
  const leaf = to.at(-1) ?? entry;
  const distance = leaf === entry ? 'entries' : 'exports';
  const files = imported.get(leaf.folder) ?? { entries: new Set(), exports: new Set() };
  imported.set(leaf.folder, files);
  files[distance].add(leaf.file);
  if (!isImportable(leaf, distance)) {
    problems.push(`${path} imports ${target}: "${leaf.file}" is not among the ${distance} of ${leaf.path}`);
  }
  return problems;
}

/** Whether a folder at this distance may import the file. */
function isImportable({ folder, file }: FolderStep, distance: keyof ImportedFiles): boolean {
  const { entries = [], exports = [] } = folder;
  return exports.includes(file) || (distance === 'entries' && entries.includes(file));
}

/** Imports must go downwards and not between siblings. */
function mayImport(from: Folder, to: Folder, list: readonly Folder[]): boolean {
  if (list.indexOf(from) >= list.indexOf(to)) return false;
  if (from.siblings !== undefined && from.siblings === to.siblings) return false;
  return from.imports?.includes(to.name) ?? true;
}

interface ListedFolder {
  readonly folder: Folder;
  readonly list: readonly Folder[];
  readonly path: string;
}

function allFolders(list: readonly Folder[], base = ''): ListedFolder[] {
  return list.flatMap((folder) => {
    const path = base + folder.name;
    return [{ folder, list, path }, ...allFolders(folder.folders ?? [], `${path}/`)];
  });
}

/** Returns a problem for each declaration in the table that does not match the files. */
function checkTable(
  all: readonly ListedFolder[],
  paths: ReadonlyMap<string, FolderPath>,
  imported: ReadonlyMap<Folder, ImportedFiles>,
): string[] {
  const used = new Set([...paths.values()].flatMap((folderPath) => folderPath.map(({ folder }) => folder)));
  return all.flatMap(({ folder, list, path }) => [
    ...(used.has(folder) ? [] : [`${path} is declared but has no files`]),
    ...(folder.imports ?? [])
      .filter((name) => !list.slice(list.indexOf(folder) + 1).some((other) => other.name === name))
      .map((name) => `${path} is declared to import ${name}, which is not below it`),
    ...(['entries', 'exports'] as const).flatMap((distance) =>
      (folder[distance] ?? [])
        .filter((file) => !imported.get(folder)?.[distance].has(file))
        .map((file) => `${path} declares "${file}" in ${distance}, but it is not imported that way`),
    ),
  ]);
}
