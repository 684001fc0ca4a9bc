import { findCycles } from './cycles.js';
import type { ImportGraph } from './source-imports.js';
import type { Folder } from './structure-table.js';

export interface StructureReport {
  readonly files: number;
  readonly imports: number;
  readonly folders: number;
  /** One line each. Empty: the structure is as declared. */
  readonly problems: readonly string[];
}

/** Where a file is: the declared folders on the way to it, from the outermost on. */
type Place = readonly Step[];

interface Step {
  readonly folder: Folder;
  /** The folders that it is listed with. */
  readonly list: readonly Folder[];
  /** The path of the folder, `lib/kite/call`. */
  readonly path: string;
  /** The path of the file in the folder, without `.ts`. */
  readonly file: string;
}

/** Compares the imports between files with the declared folders. */
export function checkStructure(graph: ImportGraph, folders: readonly Folder[]): StructureReport {
  const problems: string[] = [];
  const places = new Map<string, Place>();
  for (const path of graph.keys()) {
    const place = placeOf(path, folders);
    if (place) places.set(path, place);
    else problems.push(`${path} is in no declared folder`);
  }
  const imported = new Map<Folder, Imported>();
  let imports = 0;
  for (const [path, targets] of graph) {
    for (const target of targets) {
      imports++;
      const from = places.get(path);
      const to = places.get(target);
      if (from && to) problems.push(...checkImport({ path, from, target, to, imported }));
    }
  }
  for (const cycle of findCycles(graph)) problems.push(`These files import each other: ${cycle.join(' → ')}`);
  const all = allFolders(folders);
  problems.push(...checkTable(all, places, imported));
  return { files: graph.size, imports, folders: all.length, problems };
}

function placeOf(path: string, list: readonly Folder[], base = ''): Place | undefined {
  const below = path.slice(base.length);
  const direct = !below.includes('/');
  const folder = list
    .filter(({ name }) => (name === '.' ? direct : below.startsWith(`${name}/`)))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
  if (!folder) return undefined;
  const start = folder.name === '.' ? base : `${base}${folder.name}/`;
  const file = path.slice(start.length).replace(/\.ts$/, '');
  const step: Step = { folder, list, path: start.slice(0, -1) || '.', file };
  if (folder.folders) {
    const rest = placeOf(path, folder.folders, start);
    return rest && [step, ...rest];
  }
  return file.includes('/') && folder.nested !== true ? undefined : [step];
}

interface Import {
  readonly path: string;
  readonly from: Place;
  readonly target: string;
  readonly to: Place;
  readonly imported: Map<Folder, Imported>;
}

/** The files of a folder that others import: those of the same list, and those further away. */
interface Imported {
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
  if (!isOpen(leaf, distance)) {
    problems.push(`${path} imports ${target}: "${leaf.file}" is not among the ${distance} of ${leaf.path}`);
  }
  return problems;
}

/** Whether folders of the same list, or those further away, may import the file. */
function isOpen({ folder, file }: Step, distance: keyof Imported): boolean {
  const { entries, exports = [] } = folder;
  if (exports.includes(file)) return true;
  return distance === 'entries' && (entries?.includes(file) ?? true);
}

/** Downwards, and not sideways between siblings. */
function mayImport(from: Folder, to: Folder, list: readonly Folder[]): boolean {
  if (list.indexOf(from) >= list.indexOf(to)) return false;
  if (from.siblings !== undefined && from.siblings === to.siblings) return false;
  return from.imports?.includes(to.name) ?? true;
}

interface Listed {
  readonly folder: Folder;
  readonly list: readonly Folder[];
  readonly path: string;
}

function allFolders(list: readonly Folder[], base = ''): Listed[] {
  return list.flatMap((folder) => {
    const path = base + folder.name;
    return [{ folder, list, path }, ...allFolders(folder.folders ?? [], `${path}/`)];
  });
}

/** What the table declares and the files do not bear out. */
function checkTable(
  all: readonly Listed[],
  places: ReadonlyMap<string, Place>,
  imported: ReadonlyMap<Folder, Imported>,
): string[] {
  const used = new Set([...places.values()].flatMap((place) => place.map(({ folder }) => folder)));
  return all.flatMap(({ folder, list, path }) => [
    ...(used.has(folder) ? [] : [`${path} is declared and has no files`]),
    ...(folder.imports ?? [])
      .filter((name) => !list.slice(list.indexOf(folder) + 1).some((other) => other.name === name))
      .map((name) => `${path} is declared to import ${name}, which is not below it`),
    ...(['entries', 'exports'] as const).flatMap((distance) =>
      (folder[distance] ?? [])
        .filter((file) => !imported.get(folder)?.[distance].has(file))
        .map((file) => `${path} declares "${file}" in ${distance}, and no file there imports it`),
    ),
  ]);
}
