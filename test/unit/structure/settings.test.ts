import { describe, expect, it } from 'vitest';
import { allSettings } from '../../../src/lib/cli/settings/all-settings.js';
import type { Setting } from '../../../src/lib/kite/config/resolve-setting.js';
import { root, sourceFiles, withoutComments } from '../../helpers/source-files.js';

// A setting is a row of a table. The tests of all-settings.ts check each row of allSettings, so every row is one of them, and a
// program or a command reads it.

const TABLES = /^src\/lib\/(?:kite\/config\/kite|cli\/settings\/(?!all-|command-)[a-z-]+)-settings\.ts$/;

const files = sourceFiles();
const tables = files.filter(({ path }) => TABLES.test(path));
const readers = files
  .filter(({ path }) => !TABLES.test(path))
  .map(({ text }) => withoutComments(text))
  .join('\n');

interface Row {
  /** `src/lib/kite/config/kite-settings.ts: timeout`. */
  readonly place: string;
  readonly key: string;
  readonly setting: Setting;
}

function isSetting(value: unknown): value is Setting {
  return typeof value === 'object' && value !== null && 'variables' in value && 'accept' in value;
}

async function rowsOf(path: string): Promise<Row[]> {
  const module = (await import(`${root}${path}`)) as Readonly<Record<string, unknown>>;
  return Object.values(module).flatMap((table) =>
    Object.entries(table ?? {}).flatMap(([key, setting]: [string, unknown]) =>
      isSetting(setting) ? [{ place: `${path}: ${key}`, key, setting }] : [],
    ),
  );
}

const rows = (await Promise.all(tables.map(({ path }) => rowsOf(path)))).flat();

describe('the rows of the tables of settings', () => {
  it('each setting of the tables is in allSettings', () => {
    const names = new Set(allSettings.map(({ name }) => name));
    console.log(`${rows.length} rows in ${tables.length} tables, ${names.size} settings`);
    expect(rows.filter(({ setting }) => !names.has(setting.name)).map(({ place }) => place)).toEqual([]);
    expect(rows.length).toBeGreaterThan(100);
  });

  it('each setting of the tables is read by a program or a command', () => {
    const isRead = (key: string): boolean =>
      new RegExp(`\\.${key}\\b|\\['${key}'\\]|\\{[^{}]*\\b${key}\\b[^{}]*\\} = \\w+Settings\\b`).test(
        readers,
      );
    const read = new Set(rows.filter(({ key }) => isRead(key)).map(({ setting }) => setting.name));
    expect(rows.filter(({ setting }) => !read.has(setting.name)).map(({ place }) => place)).toEqual([]);
  });
});
