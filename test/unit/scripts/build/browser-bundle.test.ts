import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { type BrowserBundle, bundleForBrowsers } from '../../../../scripts/build/browser-bundle.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

let bundles: readonly BrowserBundle[];

beforeAll(async () => {
  bundles = await bundleForBrowsers(root);
}, 300_000);

// A page fetches these files before it can do anything else.
const LARGEST = 16 * 1024;

describe.each(['kitectl.js', 'kitectl.esm.js'])('the bundle %s', (name) => {
  function bundle(): { readonly text: string; readonly inputs: readonly string[] } {
    const { text = '', inputs = [] } = bundles.find((made) => made.name === name) ?? {};
    return { text, inputs };
  }

  it(`the bundle has at most ${LARGEST} bytes, gzipped`, () => {
    const size = gzipSync(bundle().text, { level: 9 }).length;
    expect(size).toBeGreaterThan(LARGEST / 2);
    expect(size).toBeLessThanOrEqual(LARGEST);
  });

  it('the bundle contains the same protocol, dnode and client as the library', () => {
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

  it('the bundle contains no settings, because a page has no environment', () => {
    const settings = /^src\/lib\/(?:kite\/config|cli)\//;
    expect(bundle().inputs.filter((path) => settings.test(path))).toEqual([]);
  });

  it('the bundle uses only APIs that browsers from 2022 have', () => {
    expect(bundle().text).not.toMatch(/\.(?:toSorted|toReversed|toSpliced|with|isWellFormed)\(/);
    expect(bundle().text).not.toMatch(/withResolvers|groupBy|fromAsync|AbortSignal\.any/);
  });

  it('the bundle uses no eval and no APIs of Node', () => {
    expect(bundle().text).not.toMatch(/\beval\b|\bFunction\(|\brequire\(|\bimport\(|\bBuffer\b|node:/);
  });
});
