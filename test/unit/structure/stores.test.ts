import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Folder, structure } from '../../../scripts/structure/structure-table.js';
import { storageSettings } from '../../../src/lib/cli/settings/storage-settings.js';
import { root } from '../../helpers/source-files.js';

// Each folder of src/lib/kontrol/storage that is declared as one of the stores is a kind of store: Kontrol opens it, `--storage`
// selects it, the conformance suite tests it, and docs/storage.md describes it.

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

function find(folders: readonly Folder[], name: string): readonly Folder[] {
  return folders.find((folder) => folder.name === name)?.folders ?? [];
}

const stores = find(find(structure, 'lib/kontrol'), 'storage')
  .filter(({ siblings }) => siblings === 'stores')
  .map(({ name }) => name)
  .toSorted();

const tests = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .map((name) => `test/${name.replaceAll('\\', '/')}`)
  .filter((path) => path.endsWith('.test.ts') && !path.startsWith('test/unit/structure/'))
  .map(read)
  .join('\n');

/** The names that a pattern finds in a text, without repetitions. */
function names(text: string, pattern: RegExp): string[] {
  return [...new Set(Array.from(text.matchAll(pattern), ([, name = '']) => name))].toSorted();
}

describe('the stores of Kontrol', () => {
  it('each store is opened, selected, tested and documented', () => {
    const places: Readonly<Record<string, readonly string[]>> = {
      'a case in openStorage': names(
        read('src/lib/kontrol/storage/open-storage.ts'),
        /^ +case '([\w-]+)':/gm,
      ),
      'a case in storageChoice': names(
        read('src/lib/cli/kontrol/storage-choice.ts'),
        /^ +case '([\w-]+)':/gm,
      ),
      'a value of --storage': storageSettings.storage.accept.choices?.toSorted() ?? [],
      'a test that runs storageConformance': names(tests, /\bstorageConformance\('([\w-]+)'/g),
      'a row in docs/storage.md': names(
        read('docs/storage.md'),
        /^\| `([\w-]+)`[^|]*\|[^|]*\| (?:yes|no)\b/gm,
      ),
    };
    console.log(
      `${stores.length} stores, each in ${Object.keys(places).length} places: ${stores.join(', ')}`,
    );
    for (const [place, found] of Object.entries(places)) expect(found, place).toEqual(stores);
    expect(stores.length).toBeGreaterThan(3);
  });

  it('each store that several nodes can share runs sharedStorageConformance', () => {
    const shared = names(read('docs/storage.md'), /^\| `([\w-]+)`[^|]*\|[^|]*\| yes\b/gm);
    expect(names(tests, /\bsharedStorageConformance\(\{\s*name: '([\w-]+)'/g)).toEqual(shared);
    expect(shared.length).toBeGreaterThan(1);
  });
});
