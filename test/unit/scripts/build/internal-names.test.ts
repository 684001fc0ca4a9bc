import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { esbuildBundles } from '../../../../scripts/build/browser-bundle.js';
import { internalNames } from '../../../../scripts/build/internal-names.js';
import * as browser from '../../../../src/lib/browser.js';
import * as core from '../../../../src/lib/browser-core.js';
import * as service from '../../../../src/lib/browser-service.js';
import * as webrtc from '../../../../src/lib/browser-webrtc.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { root } from '../../../helpers/source-files.js';

const api = readdirSync(join(root, 'api'))
  .filter((name) => name.endsWith('.md'))
  // Not the words of headings and sentences: the minifier may choose one of them.
  .flatMap((name) => readFileSync(join(root, 'api', name), 'utf8').match(/```[\s\S]*?```/g) ?? [])
  .flatMap((code) => code.replaceAll(/^ *readonly (?:sender|meaning|action): .*$/gm, '').match(/\w+/g) ?? []);
const publicNames = new Set(api);

type Library = typeof browser | typeof core | typeof service | typeof webrtc;

/** The names of all members of the objects that a program gets from the library, except of built-in objects. */
function membersOf(library: Library): string[] {
  const kite = new library.Kite('page', '1.0.0', { logger: silentLogger });
  const objects: object[] = [
    kite,
    kite.newClient('http://127.0.0.1:1'),
    kite.handle('square', () => 1),
    new library.KiteError('timeout', 'too late'),
  ];
  if ('kontrol' in kite) objects.push(kite.kontrol({ url: 'http://127.0.0.1:1', auth: null }));
  void kite.close();
  const names = new Set<string>();
  for (const start of objects)
    for (
      let object: object = start;
      object !== Object.prototype;
      object = Object.getPrototypeOf(object) as object
    )
      for (const name of Object.getOwnPropertyNames(object)) names.add(name);
  return [...names].filter((name) => publicNames.has(name)).toSorted();
}

describe('the names that the build shortens', () => {
  it.each([
    ['kitectl.esm.js', browser],
    ['kitectl-core.esm.js', core],
    ['kitectl-service.esm.js', service],
    ['kitectl-webrtc.esm.js', webrtc],
  ] as const)('the bundle %s has all public members of the objects of the library', async (name, library) => {
    const bundle = (await import(pathToFileURL(join(root, 'dist', 'browser', name)).href)) as Library;
    const members = membersOf(library);
    console.log(`${name}: ${members.length} public members`);
    expect(members.length).toBeGreaterThan(30);
    expect(membersOf(bundle)).toEqual(members);
  });

  it('no recording and no vector of the protocol contains a key that the build shortens', async () => {
    const bundles = await esbuildBundles(root);
    const names = new Set(
      (await Promise.all(bundles.map(({ inputs }) => internalNames(root, inputs)))).flat(),
    );
    const keys = new Set<string>();
    let files = 0;
    for (const folder of ['test/fixtures/wire', 'test/vectors'])
      for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
        if (!/\.jsonl?$/.test(name)) continue;
        files++;
        const text = readFileSync(join(root, folder, name), 'utf8');
        for (const [, key] of text.matchAll(/\\*"(\w+)\\*":/g)) if (key !== undefined) keys.add(key);
      }
    console.log(`${files} files with ${keys.size} keys, ${names.size} shortened names`);
    expect(keys.size).toBeGreaterThan(100);
    expect(names.size).toBeGreaterThan(100);
    // The minifier does not shorten the names of built-in objects, such as `length`.
    expect([...keys].filter((key) => names.has(key) && !(key in []))).toEqual([]);
  });

  it('names in quotes, in type literals and of the public API are not shortened', async () => {
    const names = await internalNames(root, [
      'src/lib/util/item-source.ts',
      'src/lib/kite/call/client.ts',
      'src/lib/transport/sockjs/frame-batch.ts',
    ]);
    expect(names).toEqual(expect.arrayContaining(['isUnlike', 'openStream']));
    expect(
      names.filter((name) => ['pipe', 'destroy', 'tell', 'dialForever', 'token'].includes(name)),
    ).toEqual([]);
  });
});
