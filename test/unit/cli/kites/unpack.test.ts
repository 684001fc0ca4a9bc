import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { defaultInstallLimits, type InstallLimits } from '../../../../src/lib/cli/kites/install-limits.js';
import { unpack } from '../../../../src/lib/cli/kites/unpack.js';
import { tar, type TarEntry, tarGz } from '../../../helpers/tar.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';

const never = new AbortController().signal;

/** Unpacks two folders deep; the outer folder must not change. */
async function unpacked(
  archive: Buffer | readonly TarEntry[],
  limits: Partial<InstallLimits> = {},
): Promise<{ outer: string; folder: string }> {
  const outer = temporaryFolder();
  const staging = join(outer, 'staging');
  mkdirSync(staging);
  const file = join(staging, 'archive.tar.gz');
  writeFileSync(file, Buffer.isBuffer(archive) ? archive : tarGz(archive));
  const before = digest(outer);
  try {
    const folder = await unpack(file, staging, { ...defaultInstallLimits, ...limits }, never);
    return { outer, folder };
  } catch (error) {
    expect(readdirSync(outer)).toEqual(['staging']);
    expect(readdirSync(staging).filter((name) => name === 'content')).toEqual([]);
    expect(before).toBe(digest(outer));
    throw error;
  }
}

function digest(folder: string): string {
  return createHash('sha256').update(readdirSync(folder).join('\n')).digest('hex');
}

describe('unpacking an archive', () => {
  it('an archive is unpacked with permissions for its owner only', async () => {
    const { folder } = await unpacked([
      { path: 'math/bin/math', mode: 0o777, content: 'program' },
      { path: 'math/data/file', mode: 0o666, content: 'data' },
      { path: 'math/bin/link', type: '2', link: 'math' },
      { path: 'math/lib/up', type: '2', link: '../data/file' },
      { path: 'math/data/same', type: '1', link: 'math/data/file' },
    ]);
    const mode = (path: string): number => lstatSync(join(folder, path)).mode & 0o7777;
    expect(readFileSync(join(folder, 'lib/up'), 'utf8')).toBe('data');
    expect(readFileSync(join(folder, 'data/same'), 'utf8')).toBe('data');
    expect([mode('bin/math'), mode('data/file'), mode('bin')]).toEqual([0o700, 0o600, 0o700]);
  });

  it('an archive may have its files in one folder, or in none', async () => {
    const { outer, folder } = await unpacked([{ path: 'math-1.0.0.kite/bin/math' }]);
    expect(folder).toBe(join(outer, 'staging', 'content', 'math-1.0.0.kite'));
    for (const entries of [[{ path: 'bin/math' }], [{ path: './bin/math' }, { path: './.kite.json' }]]) {
      const flat = await unpacked(entries);
      expect(flat.folder).toBe(join(flat.outer, 'staging', 'content'));
    }
  });

  const HOSTILE: [string, TarEntry[], string][] = [
    ['a path with ..', [{ path: '../evil' }], 'outside the kite'],
    ['a path with .. in the middle', [{ path: 'a/../../evil' }], 'outside the kite'],
    ['an absolute path', [{ path: '/tmp/evil' }], 'outside the kite'],
    ['a path with backslashes', [{ path: 'a\\..\\..\\evil' }], 'outside the kite'],
    ['a drive', [{ path: 'C:/evil' }], 'outside the kite'],
    ['a path with a control character', [{ path: 'a\u001b[31m' }], 'outside the kite'],
    [
      'a link to an absolute path',
      [{ path: 'a/l', type: '2', link: '/etc/passwd' }],
      'link to a path outside the kite',
    ],
    [
      'a link that leaves the folder with ..',
      [{ path: 'a/l', type: '2', link: '../../x' }],
      'link to a path outside the kite',
    ],
    [
      'a link to the parent folder',
      [{ path: 'l', type: '2', link: '..' }],
      'link to a path outside the kite',
    ],
    [
      'a link that leaves the folder of the kite for that of another version',
      [{ path: 'math/bin/math' }, { path: 'math/l', type: '2', link: '../0.9.0/bin/math' }],
      'link to a path outside the kite',
    ],
    [
      'a link with .. through another link',
      [
        { path: 'a/b/up', type: '2', link: '../..' },
        { path: 'l', type: '2', link: 'a/b/up/../x' },
      ],
      'link to a path outside the kite',
    ],
    [
      'a file behind a link',
      [
        { path: 'dir', type: '2', link: '.' },
        { path: 'dir/file', content: 'x' },
      ],
      'contains a link',
    ],
    [
      'a file behind a link with another spelling',
      [
        { path: 'Dir', type: '2', link: '.' },
        { path: 'dir/file', content: 'x' },
      ],
      'contains a link',
    ],
    [
      'a link instead of a folder',
      [
        { path: 'dir/file', content: 'x' },
        { path: 'dir', type: '2', link: '.' },
      ],
      'duplicate',
    ],
    ['a file that occurs twice', [{ path: 'a' }, { path: 'a' }], 'duplicate'],
    ['a file that is also a folder', [{ path: 'a' }, { path: 'a/b' }], 'both a file and a folder'],
    ['a hard link to a file elsewhere', [{ path: 'a', type: '1', link: '/etc/passwd' }], 'outside the kite'],
    ['a hard link with ..', [{ path: 'a', type: '1', link: '../x' }], 'outside the kite'],
    [
      'a hard link to a link',
      [
        { path: 'l', type: '2', link: 'x' },
        { path: 'a', type: '1', link: 'l' },
      ],
      'not an earlier file',
    ],
    ['a character device', [{ path: 'a', type: '3' }], 'CharacterDevice'],
    ['a block device', [{ path: 'a', type: '4' }], 'BlockDevice'],
    ['a named pipe', [{ path: 'a', type: '6' }], 'FIFO'],
    ['a set-uid program', [{ path: 'bin/math', mode: 0o4755 }], 'set-uid'],
    ['a set-gid program', [{ path: 'bin/math', mode: 0o2755 }], 'set-uid'],
    ['a path that is too deep', [{ path: 'a/'.repeat(40) + 'a' }], 'too long'],
  ];

  it.each(HOSTILE)(
    'an archive with %s is rejected, and nothing of it is written',
    async (_title, entries, reason) => {
      const limits = { pathDepth: 32 };
      // Also after valid entries.
      for (const all of [entries, [{ path: 'fine', content: 'x' }, ...entries]]) {
        if (all !== entries && entries.some(({ path }) => path.startsWith('math/'))) continue;
        await expect(unpacked(all, limits)).rejects.toMatchObject({
          exitCode: 1,
          message: expect.stringContaining(reason) as string,
        });
      }
    },
  );

  it('an archive with a path of more than pathLength characters is rejected', async () => {
    const limits = { pathLength: 20 };
    await unpacked([{ path: 'x'.repeat(20) }], limits);
    await expect(unpacked([{ path: 'x'.repeat(21) }], limits)).rejects.toThrow('too long');
  });

  it('an archive with more files than the limit is rejected', async () => {
    const entries = Array.from({ length: 11 }, (_, index) => ({ path: `file-${index}` }));
    await expect(unpacked(entries, { entries: 10 })).rejects.toThrow('more than 10 files');
  });

  it('an archive that expands above the size limit is rejected before it is unpacked', async () => {
    const bomb = tarGz([{ path: 'zeros', content: Buffer.alloc(1_000_000) }]);
    expect(bomb.length).toBeLessThan(5000);
    await expect(unpacked(bomb, { unpackedBytes: 100_000 })).rejects.toThrow('larger than 100000 bytes');
    await expect(unpacked(gzipSync(bomb))).rejects.toThrow('compressed twice');
  });

  it('an archive that is malformed or incomplete is rejected', async () => {
    await expect(unpacked(Buffer.from('no archive'))).rejects.toThrow('not a tar.gz');
    await expect(unpacked(gzipSync('no archive'))).rejects.toThrow('cannot be unpacked');
    const whole = tarGz([{ path: 'bin/math', content: Buffer.alloc(10_000, 'x') }]);
    await expect(unpacked(whole.subarray(0, whole.length - 20))).rejects.toThrow('not a tar.gz');
    const half = tar([{ path: 'bin/math', content: Buffer.alloc(10_000, 'x') }]).subarray(0, 2000);
    await expect(unpacked(gzipSync(half))).rejects.toThrow('cannot be unpacked');
  });
});
