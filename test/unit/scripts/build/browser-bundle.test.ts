import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { esbuildBundles } from '../../../../scripts/build/browser-bundle.js';
import { root } from '../../../helpers/source-files.js';

let sources: ReadonlyMap<string, readonly string[]>;

beforeAll(async () => {
  sources = new Map((await esbuildBundles(root)).map(({ name, inputs }) => [name, inputs]));
});

const LIBRARY = [
  'src/lib/protocol/errors.ts',
  'src/lib/dnode/dnode-message.ts',
  'src/lib/kite/call/client.ts',
  'src/lib/kite/call/connection.ts',
  'src/lib/kite/core/kite-core.ts',
  'src/lib/kite/streams/remote-stream.ts',
  'src/lib/transport/sockjs/frames.ts',
];
/** What pages without Kontrol and XHR polling do not load. */
const OPTIONAL = [
  'src/lib/kite/call/token-renewal.ts',
  'src/lib/kite/kontrol/kite-watch.ts',
  'src/lib/transport/xhr/xhr-channel.ts',
];

/** What only Node needs. */
const NODE_ONLY = [
  'src/lib/kite/call/usual-messages.ts',
  'src/lib/util/guard-signal.ts',
  'src/lib/util/number-literal.ts',
];

// A page fetches these files before it can do anything else.
const BUNDLES = [
  { name: 'kitectl.js', largest: 36 * 1024, contained: [...LIBRARY, ...OPTIONAL], missing: NODE_ONLY },
  { name: 'kitectl.esm.js', largest: 36 * 1024, contained: [...LIBRARY, ...OPTIONAL], missing: NODE_ONLY },
  {
    name: 'kitectl-service.esm.js',
    largest: 43 * 1024,
    contained: [...LIBRARY, ...OPTIONAL, 'src/lib/kite/service/service-core.ts'],
    missing: NODE_ONLY,
  },
  { name: 'kitectl-core.js', largest: 29 * 1024, contained: LIBRARY, missing: [...OPTIONAL, ...NODE_ONLY] },
  {
    name: 'kitectl-core.esm.js',
    largest: 29 * 1024,
    contained: LIBRARY,
    missing: [...OPTIONAL, ...NODE_ONLY],
  },
];

describe.each(BUNDLES)('the bundle $name', ({ name, largest, contained, missing }) => {
  // The second minifier takes ten seconds, so that the text is that of the last build.
  const text = readFileSync(join(root, 'dist', 'browser', name), 'utf8');
  const inputs = (): readonly string[] => sources.get(name) ?? [];

  it(`the bundle has at most ${largest} bytes, gzipped`, () => {
    const size = gzipSync(text, { level: 9 }).length;
    console.log(`${name}: ${size} bytes gzipped, at most ${largest}`);
    expect(size).toBeGreaterThan(largest / 2);
    expect(size).toBeLessThanOrEqual(largest);
  });

  it('the bundle contains the same protocol, dnode and client as the library', () => {
    expect(inputs()).toEqual(expect.arrayContaining(contained));
    expect(inputs().filter((path) => missing.includes(path))).toEqual([]);
    expect(inputs().filter((path) => !path.startsWith('src/lib/'))).toEqual([]);
  });

  it('the bundle contains no settings, because a page has no environment', () => {
    const settings = /^src\/lib\/(?:kite\/config|cli)\//;
    expect(inputs().filter((path) => settings.test(path))).toEqual([]);
  });

  it('the bundle uses only APIs that browsers from 2022 have', () => {
    expect(text).not.toMatch(/\.(?:toSorted|toReversed|toSpliced|with|isWellFormed)\(/);
    expect(text).not.toMatch(/withResolvers|groupBy|fromAsync|AbortSignal\.any/);
  });

  it('the bundle uses no eval and no APIs of Node', () => {
    expect(text).not.toMatch(/\beval\b|\bFunction\(|\brequire\(|\bimport\(|\bBuffer\b|node:/);
  });
});
