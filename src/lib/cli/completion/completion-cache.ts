import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withFileLock, writeFiles } from '../../keys/index.js';
import { COMPLETION_ENTRIES, COMPLETION_VALUES } from '../runtime/command-limits.js';
import type { Environment } from '../../kite/config/resolve-setting.js';

/** Milliseconds for which cached values are used without a lookup. */
const FRESH_FOR = 30_000;

/** Milliseconds for which cached values are used if the lookup fails. */
const USABLE_FOR = 24 * 3_600_000;

interface CacheEntry {
  readonly at: number;
  readonly values: readonly string[];
}

/** Caches the results of lookups in a file. Ignores errors of the file. */
export class CompletionCache {
  readonly #file: string;
  readonly #now: () => number;

  constructor(env: Environment, now: () => number) {
    const folder = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache');
    this.#file = join(folder, 'kitectl', 'completion.json');
    this.#now = now;
  }

  /**
   * Returns the values for a key: cached ones if they are less than 30 seconds old, else those of `lookUp`. If `lookUp` rejects,
   * returns cached values that are less than a day old, or none.
   */
  async get(
    keyParts: readonly string[],
    lookUp: () => Promise<readonly string[]>,
  ): Promise<readonly string[]> {
    const key = createHash('sha256').update(JSON.stringify(keyParts)).digest('base64url');
    const cached = (await this.#read()).get(key);
    const age = cached ? this.#now() - cached.at : Number.POSITIVE_INFINITY;
    if (cached && age >= 0 && age < FRESH_FOR) return cached.values;
    try {
      const values = (await lookUp()).slice(0, COMPLETION_VALUES);
      const entry = { at: this.#now(), values };
      await withFileLock(this.#file, () => this.#store(key, entry)).catch(() => {});
      return values;
    } catch {
      return cached && age < USABLE_FOR ? cached.values : [];
    }
  }

  async #store(key: string, entry: CacheEntry): Promise<void> {
    const entries = Array.from(await this.#read()).filter(([name]) => name !== key);
    const newest = [...entries, [key, entry] as const].toSorted((a, b) => b[1].at - a[1].at);
    const content = JSON.stringify(Object.fromEntries(newest.slice(0, COMPLETION_ENTRIES)));
    await writeFiles([{ path: this.#file, content, mode: 0o600 }], { force: true });
  }

  async #read(): Promise<Map<string, CacheEntry>> {
    try {
      const value: unknown = JSON.parse(await readFile(this.#file, 'utf8'));
      if (typeof value !== 'object' || value === null) return new Map();
      return new Map(Object.entries(value).filter((pair): pair is [string, CacheEntry] => isEntry(pair[1])));
    } catch {
      return new Map();
    }
  }
}

function isEntry(value: unknown): value is CacheEntry {
  const { at, values } = (value ?? {}) as { readonly at?: unknown; readonly values?: unknown };
  return typeof at === 'number' && Array.isArray(values) && values.every((one) => typeof one === 'string');
}
