import { posix } from 'node:path';
import type { CliError } from '../runtime/cli-error.js';
import { QUOTED_LENGTH } from '../../protocol/protocol-limits.js';
import type { InstallLimits } from './install-limits.js';
import { badSource } from './kite-folder.js';

/** One file, folder or link that is to be unpacked. */
export interface Entry {
  readonly path: string;
  readonly type: string;
  /** Where a link leads. */
  readonly linkpath?: string | undefined;
  readonly mode?: number | undefined;
  readonly size?: number | undefined;
}

const FILES = new Set(['File', 'OldFile', 'ContiguousFile']);
const FOLDERS = new Set(['Directory', 'GNUDumpDir']);

/** A link, and how many folders higher it could lead without leaving the archive. */
interface Climb {
  readonly entry: Entry;
  readonly slack: number;
}

/** Set-uid, set-gid and sticky. */
const SPECIAL_BITS = 0o7000;

/**
 * Looks at everything in an archive before any of it is written. What passes stays in the folder into which it is
 * unpacked, and has no rights that a plain file of this person has not.
 *
 * A symbolic link may go up only at its beginning, and nothing may be unpacked through one: so wherever it leads, it is
 * found from the folder in which the link itself is, by names, each of which is in the folder again.
 */
export class EntryCheck {
  readonly #limits: InstallLimits;
  readonly #files = new Set<string>();
  /** Paths as a file system may read them that knows no upper and lower case. */
  readonly #taken = new Set<string>();
  readonly #folders = new Set<string>();
  readonly #links = new Map<string, Climb>();
  /** The first names of all paths. */
  readonly #tops = new Set<string>();
  #onlyBelow = true;
  #entries = 0;
  #bytes = 0;

  constructor(limits: InstallLimits) {
    this.#limits = limits;
  }

  /** @throws CliError that says what must not be in an archive */
  add(entry: Entry): void {
    const { entries, unpackedBytes } = this.#limits;
    if (++this.#entries > entries) throw badSource(`It has more than ${entries} files.`);
    this.#bytes += entry.size ?? 0;
    if (this.#bytes > unpackedBytes) throw badSource(`It is larger than ${unpackedBytes} bytes unpacked.`);
    const parts = this.#parts(entry.path);
    if ((entry.mode ?? 0) & SPECIAL_BITS && !FOLDERS.has(entry.type)) {
      throw refused(entry, 'it has the set-uid, set-gid or sticky bit');
    }
    const path = parts.join('/');
    if (parts[0] !== undefined) this.#tops.add(parts[0]);
    if (parts.length === 1 && !FOLDERS.has(entry.type)) this.#onlyBelow = false;
    if (FOLDERS.has(entry.type)) return this.#addFolder(entry, parts);
    this.#notThroughLinks(entry, parts);
    const name = folded(path);
    if (path === '' || this.#taken.has(name) || this.#folders.has(name))
      throw refused(entry, 'it is there twice');
    this.#taken.add(name);
    this.#addParents(parts);
    if (FILES.has(entry.type)) this.#files.add(path);
    else if (entry.type === 'SymbolicLink') this.#addLink(entry, parts);
    else if (entry.type !== 'Link')
      throw refused(entry, `it is not a file, folder or link, but a ${entry.type}`);
    else if (!this.#files.has(this.#parts(entry.linkpath ?? '').join('/'))) {
      throw refused(
        entry,
        `it is a link to ${entry.linkpath ?? 'nothing'}, which is not a file that precedes it`,
      );
    }
  }

  /**
   * What the archive holds: the folder in which all of it is, or empty where there is no such folder. `bin` is none: it is
   * a part of every kite.
   *
   * @throws CliError where a link leads out of that folder
   */
  end(): string {
    const [top = '', ...others] = this.#tops;
    if (others.length > 0 || !this.#onlyBelow || top === '' || top === 'bin') return '';
    for (const { entry, slack } of this.#links.values()) {
      if (slack < 1) throw refused(entry, `it is a link that leads out: ${entry.linkpath ?? ''}`);
    }
    return top;
  }

  #addFolder(entry: Entry, parts: readonly string[]): void {
    this.#notThroughLinks(entry, parts);
    if (this.#taken.has(folded(parts.join('/')))) throw refused(entry, 'it is there twice');
    this.#addParents([...parts, '']);
  }

  #addParents(parts: readonly string[]): void {
    for (let count = 1; count < parts.length; count++) {
      const parent = folded(parts.slice(0, count).join('/'));
      if (this.#taken.has(parent)) throw badSource(`It has a file that is a folder as well: ${parent}.`);
      this.#folders.add(parent);
    }
  }

  #addLink(entry: Entry, parts: readonly string[]): void {
    const target = entry.linkpath ?? '';
    const steps = target.split('/').filter((step) => step !== '' && step !== '.');
    const ups = steps.findIndex((step) => step !== '..');
    const up = ups === -1 ? steps.length : ups;
    const leaves =
      target === '' ||
      posix.isAbsolute(target) ||
      isOdd(target) ||
      up > parts.length - 1 ||
      steps.slice(up).includes('..');
    if (leaves) throw refused(entry, `it is a link that leads out: ${target}`);
    this.#links.set(folded(parts.join('/')), { entry, slack: parts.length - 1 - up });
  }

  #notThroughLinks(entry: Entry, parts: readonly string[]): void {
    for (let count = 1; count <= parts.length; count++) {
      if (this.#links.has(folded(parts.slice(0, count).join('/'))))
        throw refused(entry, 'it lies behind a link');
    }
  }

  /** The names in a path, of which none leads up or out. */
  #parts(path: string): string[] {
    const { pathLength, pathDepth } = this.#limits;
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    if (posix.isAbsolute(path) || isOdd(path) || parts.includes('..')) {
      throw refused({ path }, 'its path leads out');
    }
    if (path.length > pathLength || parts.length > pathDepth) throw refused({ path }, 'its path is too long');
    return parts;
  }
}

/** What other systems read as a separator or a drive, and what no name should have. */
function isOdd(path: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  return /[\\\u0000-\u001f\u007f]|^[A-Za-z]:/.test(path);
}

function folded(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

function refused({ path }: Pick<Entry, 'path'>, why: string): CliError {
  const shown = path.length > QUOTED_LENGTH ? `${path.slice(0, QUOTED_LENGTH)}…` : path;
  return badSource(`${shown} must not be in a kite: ${why}.`);
}
