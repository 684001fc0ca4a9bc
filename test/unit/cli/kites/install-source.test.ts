import { describe, expect, it } from 'vitest';
import { matching, newest } from '../../../../src/lib/cli/kites/installed.js';
import { archiveFor, parseManifest, thisPlatform } from '../../../../src/lib/cli/kites/kite-manifest.js';
import { checkedPlace } from '../../../../src/lib/cli/kites/kite-folder.js';
import { placeOfManifest } from '../../../../src/lib/cli/kites/manifest-folder.js';
import { parseSource } from '../../../../src/lib/cli/kites/install-source.js';

const exits = (exitCode: number): Error => expect.objectContaining({ exitCode }) as Error;

describe('a source', () => {
  it.each([
    ['https://example.com/bob/math/.kite.json', { type: 'manifest' }],
    [
      'github.com/bob/math.kite',
      { type: 'github', url: 'https://raw.githubusercontent.com/bob/math.kite/HEAD/.kite.json' },
    ],
    ['github.com/bob/math/', { type: 'github', user: 'bob', repo: 'math' }],
    ['math', { type: 'npm', name: 'math', scope: undefined }],
    ['@bob/math@1.2.3', { type: 'npm', name: 'math', scope: 'bob', spec: '@bob/math@1.2.3' }],
    ['./math', { type: 'folder-or-file' }],
    ['/tmp/math', { type: 'folder-or-file' }],
    ['math-1.0.0.tar.gz', { type: 'file' }],
    ['math.tgz', { type: 'file' }],
  ])('%s is what it looks like', (text, source) => {
    expect(parseSource(text)).toMatchObject(source);
  });

  it.each([
    'http://example.com/.kite.json',
    'ftp://example.com/.kite.json',
    'file:///etc/passwd',
    'https://user:secret@example.com/.kite.json',
    'https://',
    'github.com/bob',
    'github.com/bob/math/tree/main',
    'github.com/../math',
    'github.com/bob/..',
    '--global',
    'math --global',
    'git+ssh://git@github.com/bob/math',
    'bob/math',
    'Math',
    '@bob/../math',
    '',
  ])('%j is none', (text) => {
    expect(() => parseSource(text)).toThrow(exits(2));
  });
});

describe('a manifest', () => {
  const digest = 'ab'.repeat(32);

  it('names an archive and a digest for each platform', () => {
    const manifest = parseManifest(
      JSON.stringify({
        name: 'math.kite',
        version: '1.2.3',
        platforms: {
          linux_amd64: 'https://example.com/a.tar.gz',
          darwin_arm64: { url: 'b.tar.gz', sha256: digest.toUpperCase() },
          any: 'c.tar.gz',
        },
        sha256: { linux_amd64: digest },
      }),
      'here',
    );
    expect(manifest).toMatchObject({ name: 'math', version: '1.2.3' });
    expect(archiveFor(manifest, 'linux_amd64', 'here')).toEqual({
      url: 'https://example.com/a.tar.gz',
      sha256: digest,
    });
    expect(archiveFor(manifest, 'darwin_arm64', 'here')).toEqual({ url: 'b.tar.gz', sha256: digest });
    expect(archiveFor(manifest, 'plan9_386', 'here')).toEqual({ url: 'c.tar.gz', sha256: undefined });
  });

  it('may have one digest for its one archive', () => {
    const text = JSON.stringify({
      name: 'a',
      version: '1.0.0',
      platforms: { any: 'a.tar.gz' },
      sha256: digest,
    });
    expect(archiveFor(parseManifest(text, 'here'), 'linux_amd64', 'here').sha256).toBe(digest);
  });

  it('names platforms as Go does', () => {
    expect(thisPlatform('linux', 'x64')).toBe('linux_amd64');
    expect(thisPlatform('win32', 'ia32')).toBe('windows_386');
    expect(thisPlatform('darwin', 'arm64')).toBe('darwin_arm64');
  });

  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['no name', '{"version":"1.0.0"}'],
    ['a name that leads out', '{"name":"../x","version":"1.0.0"}'],
    ['a name that is hidden', '{"name":".x","version":"1.0.0"}'],
    ['no version', '{"name":"x"}'],
    ['a version that leads out', '{"name":"x","version":"1.0.0/../../.."}'],
    ['a digest that is none', '{"name":"x","version":"1.0.0","platforms":{"any":"a"},"sha256":"abc"}'],
  ])('with %s is refused', (_title, text) => {
    expect(() => parseManifest(text, 'here')).toThrow(exits(1));
  });

  it('without an archive for this machine says for which there are some', () => {
    const manifest = parseManifest('{"name":"x","version":"1.0.0","platforms":{"aix_ppc64":"a"}}', 'here');
    expect(() => archiveFor(manifest, 'linux_amd64', 'here')).toThrow('only for aix_ppc64');
  });
});

describe('the place of a kite', () => {
  const kite = { name: 'math', version: '1.0.0' };

  it.each([
    ['https://example.com/bob/math/.kite.json', 'example.com/bob/math'],
    ['https://example.com/bob/math.kite/.kite.json', 'example.com/bob/math.kite'],
    ['https://example.com:8443/kites/bob/.kite.json', 'example.com_8443/bob/math'],
    ['https://example.com/.kite.json', 'example.com/_/math'],
    ['https://example.com/math/.kite.json', 'example.com/_/math'],
  ])('%s is %s', (url, path) => {
    const { domain, user, repo } = checkedPlace(placeOfManifest({ type: 'manifest', url }, kite));
    expect(`${domain}/${user}/${repo}`).toBe(path);
  });

  it.each([
    ['math.kite', 'math.kite'],
    ['math', 'math'],
    ['kites', 'math'],
  ])('of the repository %s is %s', (repo, expected) => {
    const source = { type: 'github', user: 'bob', repo, url: '' } as const;
    expect(placeOfManifest(source, kite)).toEqual({
      domain: 'github.com',
      user: 'bob',
      repo: expected,
      version: '1.0.0',
    });
  });

  it('has parts that lead nowhere else', () => {
    const place = { domain: 'a', user: 'b', repo: 'c', version: '1.0.0' };
    for (const bad of ['..', '.', '', 'a/b', 'a\\b', '.git', '-x', 'a.', 'a b', 'a\u0000']) {
      expect(() => checkedPlace({ ...place, user: bad })).toThrow('no plain name');
    }
    expect(() => checkedPlace({ ...place, version: '1' })).toThrow('1.2.3');
  });
});

describe('the name of an installed kite', () => {
  const one = { domain: 'github.com', user: 'bob', repo: 'math.kite', version: '1.0.0' };
  const two = { ...one, version: '1.10.0' };
  const old = { ...one, version: '1.9.0' };
  const other = { domain: 'npm', user: '_', repo: 'math', version: '1.0.0' };
  const installed = [one, two, old, other];

  it.each([
    ['math', installed],
    ['math/1.10.0', [two]],
    ['math.kite', [one, two, old]],
    ['github.com/bob/math', [one, two, old]],
    ['github.com/bob/math.kite/1.9.0', [old]],
    ['npm/_/math', [other]],
  ])('%s', (text, places) => {
    expect(matching(text, installed)).toEqual(places);
  });

  it.each(['../../x', '..', 'math/..', '/etc', 'a/b/c/d/e', '.', '', 'math/./1.0.0', 'math\u0000'])(
    '%j is none',
    (text) => {
      expect(() => matching(text, installed)).toThrow(exits(2));
    },
  );

  it('that nobody has is not found', () => {
    expect(() => matching('nobody', installed)).toThrow(exits(5));
  });

  it('means the newest of several versions of one kite', () => {
    expect(newest([one, two, old])).toBe(two);
    expect(newest(installed)).toBeUndefined();
  });
});
