import { describe, expect, it } from 'vitest';
import { archiveFor, parseManifest, thisPlatform } from '../../../../src/lib/cli/kites/kite-manifest.js';

const exits = (exitCode: number): Error => expect.objectContaining({ exitCode }) as Error;

describe('kite manifests', () => {
  const digest = 'ab'.repeat(32);

  it('a manifest has an archive and a digest for each platform', () => {
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

  it('a manifest may have one digest for its one archive', () => {
    const text = JSON.stringify({
      name: 'a',
      version: '1.0.0',
      platforms: { any: 'a.tar.gz' },
      sha256: digest,
    });
    expect(archiveFor(parseManifest(text, 'here'), 'linux_amd64', 'here').sha256).toBe(digest);
  });

  it('a manifest uses the platform names of Go', () => {
    expect(thisPlatform('linux', 'x64')).toBe('linux_amd64');
    expect(thisPlatform('win32', 'ia32')).toBe('windows_386');
    expect(thisPlatform('darwin', 'arm64')).toBe('darwin_arm64');
  });

  it.each([
    ['not valid JSON', '{'],
    ['a list', '[]'],
    ['no name', '{"version":"1.0.0"}'],
    ['a name that leaves the folder', '{"name":"../x","version":"1.0.0"}'],
    ['a name that begins with a dot', '{"name":".x","version":"1.0.0"}'],
    ['no version', '{"name":"x"}'],
    ['a version that leaves the folder', '{"name":"x","version":"1.0.0/../../.."}'],
    ['a malformed digest', '{"name":"x","version":"1.0.0","platforms":{"any":"a"},"sha256":"abc"}'],
  ])('a manifest with %s is rejected', (_title, text) => {
    expect(() => parseManifest(text, 'here')).toThrow(exits(1));
  });

  it('a manifest without an archive for this platform is rejected with a list of its platforms', () => {
    const manifest = parseManifest('{"name":"x","version":"1.0.0","platforms":{"aix_ppc64":"a"}}', 'here');
    expect(() => archiveFor(manifest, 'linux_amd64', 'here')).toThrow('only for aix_ppc64');
  });
});
