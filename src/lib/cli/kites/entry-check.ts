import { posix } from 'node:path';
import type { CliError } from '../runtime/cli-error.js';
import { QUOTED_LENGTH } from '../../protocol/protocol-limits.js';
import type { InstallLimits } from './install-limits.js';
import { badSource } from './install-location.js';

/** A file, folder or link of an archive. */
export interface ArchiveEntry {
  readonly path: string;
  readonly type: string;
  /** Target of a link. */
  readonly linkpath?: string | undefined;
  readonly mode?: number | undefined;
  readonly size?: number | undefined;
}

const FILES = new Set(['File', 'OldFile', 'ContiguousFile']);
const FOLDERS = new Set(['Directory', 'GNUDumpDir']);

/** A symbolic link, and how many folders its target could move up without leaving the archive. */
interface CheckedLink {
  readonly entry: ArchiveEntry;
  readonly slack: number;
}

/** Set-uid, set-gid and sticky. */
const SPECIAL_BITS = 0o7000;

/**
 * Checks all entries of an archive before any of them is written. Accepted entries stay inside the target folder and have no
 * special permissions.
 *
 * A symbolic link may contain `..` only at its start, and no entry may be unpacked through a link. A target can therefore be
 * resolved from the folder of the link by name, without following other links.
 */
export class EntryCheck {
  readonly #limits: InstallLimits;
  readonly #files = new Set<string>();
  /** Case-folded paths of files and links, because a file system may be case-insensitive. */
  readonly #paths = new Set<string>();
  readonly #folders = new Set<string>();
  readonly #links = new Map<string, CheckedLink>();
  /** The first segments of all paths. */
  readonly #topNames = new Set<string>();
  #hasTopFolder = true;
  #entries = 0;
  #bytes = 0;

  constructor(limits: InstallLimits) {
    this.#limits = limits;
  }

  /** @throws CliError if the entry is not allowed or a limit is exceeded */
  add(entry: ArchiveEntry): void {
    const { entries, unpackedBytes } = this.#limits;
    if (++this.#entries > entries) throw badSource(`The source has more than ${entries} files.`);
    this.#bytes += entry.size ?? 0;
    if (this.#bytes > unpackedBytes) throw badSource(`The source is larger than ${unpackedBytes} bytes.`);
    const parts = this.#parts(entry.path);
    if ((entry.mode ?? 0) & SPECIAL_BITS && !FOLDERS.has(entry.type)) {
      throw entryError(entry, 'the set-uid, set-gid or sticky bit is set');
    }
    const path = parts.join('/');
    if (parts[0] !== undefined) this.#topNames.add(parts[0]);
    if (parts.length === 1 && !FOLDERS.has(entry.type)) this.#hasTopFolder = false;
    if (FOLDERS.has(entry.type)) return this.#addFolder(entry, parts);
    this.#checkNoLinks(entry, parts);
    const name = caseFold(path);
    if (path === '' || this.#paths.has(name) || this.#folders.has(name))
      throw entryError(entry, 'duplicate path');
    this.#paths.add(name);
    this.#addParents(parts);
    if (FILES.has(entry.type)) this.#files.add(path);
    else if (entry.type === 'SymbolicLink') this.#addLink(entry, parts);
    else if (entry.type !== 'Link') throw entryError(entry, `unsupported type ${entry.type}`);
    else if (!this.#files.has(this.#parts(entry.linkpath ?? '').join('/'))) {
      throw entryError(entry, `hard link to ${entry.linkpath ?? 'nothing'}, which is not an earlier file`);
    }
  }

  /**
   * Returns the top-level folder that contains all entries; empty if there is none. A top-level `bin` does not count, because
   * it is part of a kite.
   *
   * @throws CliError if the target of a link is outside that folder
   */
  end(): string {
    const [top = '', ...others] = this.#topNames;
    if (others.length > 0 || !this.#hasTopFolder || top === '' || top === 'bin') return '';
    for (const { entry, slack } of this.#links.values()) {
      if (slack < 1) throw entryError(entry, `link to a path outside the kite: ${entry.linkpath ?? ''}`);
    }
    return top;
  }

  #addFolder(entry: ArchiveEntry, parts: readonly string[]): void {
    this.#checkNoLinks(entry, parts);
    if (this.#paths.has(caseFold(parts.join('/')))) throw entryError(entry, 'duplicate path');
    this.#addParents([...parts, '']);
  }

  #addParents(parts: readonly string[]): void {
    for (let count = 1; count < parts.length; count++) {
      const parent = caseFold(parts.slice(0, count).join('/'));
      if (this.#paths.has(parent)) throw badSource(`The source has both a file and a folder ${parent}.`);
      this.#folders.add(parent);
    }
  }

  #addLink(entry: ArchiveEntry, parts: readonly string[]): void {
    const target = entry.linkpath ?? '';
    const steps = target.split('/').filter((step) => step !== '' && step !== '.');
    const ups = steps.findIndex((step) => step !== '..');
    const up = ups === -1 ? steps.length : ups;
    const isUnsafe =
      target === '' ||
      posix.isAbsolute(target) ||
      hasUnsafeCharacters(target) ||
      up > parts.length - 1 ||
      steps.slice(up).includes('..');
    if (isUnsafe) throw entryError(entry, `link to a path outside the kite: ${target}`);
    this.#links.set(caseFold(parts.join('/')), { entry, slack: parts.length - 1 - up });
  }

  #checkNoLinks(entry: ArchiveEntry, parts: readonly string[]): void {
    for (let count = 1; count <= parts.length; count++) {
      if (this.#links.has(caseFold(parts.slice(0, count).join('/'))))
        throw entryError(entry, 'its path contains a link');
    }
  }

  /** Returns the segments of a path that stays inside the target folder. */
  #parts(path: string): string[] {
    const { pathLength, pathDepth } = this.#limits;
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    if (posix.isAbsolute(path) || hasUnsafeCharacters(path) || parts.includes('..')) {
      throw entryError({ path }, 'its path is outside the kite');
    }
    if (path.length > pathLength || parts.length > pathDepth)
      throw entryError({ path }, 'its path is too long');
    return parts;
  }
}

/** Whether a path contains control characters, or what Windows reads as a separator or drive. */
function hasUnsafeCharacters(path: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  return /[\\\u0000-\u001f\u007f]|^[A-Za-z]:/.test(path);
}

function caseFold(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

function entryError({ path }: Pick<ArchiveEntry, 'path'>, reason: string): CliError {
  const shortPath = path.length > QUOTED_LENGTH ? `${path.slice(0, QUOTED_LENGTH)}…` : path;
  return badSource(`${shortPath} is not allowed in a kite: ${reason}.`);
}
