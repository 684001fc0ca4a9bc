import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { type BrowserBundle, bundleForBrowsers } from '../../../../scripts/build/browser-bundle.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

let bundles: readonly BrowserBundle[];

beforeAll(async () => {
  bundles = await bundleForBrowsers(root);
}, 300_000);

// What pages load has to be fetched before anything else happens.
const LARGEST = 16 * 1024;

describe.each(['kitectl.js', 'kitectl.esm.js'])('%s', (name) => {
  function bundle(): { readonly text: string; readonly inputs: readonly string[] } {
    const { text = '', inputs = [] } = bundles.find((made) => made.name === name) ?? {};
    return { text, inputs };
  }

  it(`takes ${LARGEST} bytes at most, gzipped`, () => {
    const size = gzipSync(bundle().text, { level: 9 }).length;
    expect(size).toBeGreaterThan(LARGEST / 2);
    expect(size).toBeLessThanOrEqual(LARGEST);
  });

  it('is made of the same protocol, dnode and client as the library', () => {
    expect(bundle().inputs).toEqual(
      expect.arrayContaining([
        'src/lib/protocol/errors.ts',
        'src/lib/dnode/dnode-message.ts',
        'src/lib/kite/call/client.ts',
        'src/lib/kite/call/connection.ts',
        'src/lib/kite/core/kite-core.ts',
        'src/lib/kite/kontrol/kite-watch.ts',
        'src/lib/transport/sockjs/frames.ts',
        'src/lib/transport/xhr/xhr-channel.ts',
      ]),
    );
    expect(bundle().inputs.filter((path) => !path.startsWith('src/lib/'))).toEqual([]);
  });

  it('has no settings: a page has no environment to read them from', () => {
    const settings = /^src\/lib\/(?:kite\/config|cli)\//;
    expect(bundle().inputs.filter((path) => settings.test(path))).toEqual([]);
  });

  it('calls nothing that browsers of 2022 do not have', () => {
    expect(bundle().text).not.toMatch(/\.(?:toSorted|toReversed|toSpliced|with|isWellFormed)\(/);
    expect(bundle().text).not.toMatch(/withResolvers|groupBy|fromAsync|AbortSignal\.any/);
  });

  it('makes no code of text, and names nothing that only Node has', () => {
    expect(bundle().text).not.toMatch(/\beval\b|\bFunction\(|\brequire\(|\bimport\(|\bBuffer\b|node:/);
  });
});
