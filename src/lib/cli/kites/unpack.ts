import { makeFolder } from '../../keys/secure-files.js';
import { messageOf } from '../../util/message-of.js';
import { createReadStream, createWriteStream } from 'node:fs';
import { link, mkdir, open, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { isCliError } from '../runtime/cli-error.js';
import type { InstallLimits } from './install-limits.js';
import { type ArchiveEntry, EntryCheck } from './entry-check.js';
import { badSource } from './install-location.js';

/**
 * Unpacks a tar.gz archive into a new folder in `folder`, and resolves with the folder that contains the kite. All entries
 * are checked before the first one is written. Only the current user can read the files.
 *
 * @throws CliError if the archive is not a tar.gz, exceeds a limit, or contains an entry that is not allowed
 */
export async function unpack(
  archive: string,
  folder: string,
  limits: InstallLimits,
  signal: AbortSignal,
): Promise<string> {
  const plain = join(folder, 'plain.tar');
  const content = join(folder, 'content');
  await gunzip(archive, plain, limits, signal);
  const { root, links } = await checkEntries(plain, limits);
  await mkdir(content, { mode: 0o700 });
  const { extract } = await import('tar');
  try {
    await extract({
      file: plain,
      cwd: content,
      strict: true,
      preserveOwner: false,
      dmode: 0o700,
      filter(_path, entry) {
        const { mode = 0 } = entry;
        const type = 'type' in entry ? entry.type : 'File';
        const executable = (mode & 0o111) !== 0 || type === 'Directory';
        entry.mode = executable ? 0o700 : 0o600;
        return type !== 'SymbolicLink' && type !== 'Link';
      },
    });
    await createLinks(content, links);
  } catch (error) {
    throw unpackError(error);
  }
  signal.throwIfAborted();
  return join(content, root);
}

/** Decompresses the archive to a file, so that its size is checked before it is parsed. */
async function gunzip(
  archive: string,
  plain: string,
  { unpackedBytes }: InstallLimits,
  signal: AbortSignal,
): Promise<void> {
  let bytes = 0;
  try {
    await pipeline(
      createReadStream(archive),
      createGunzip(),
      async function* counted(source: AsyncIterable<Buffer>) {
        for await (const chunk of source) {
          bytes += chunk.length;
          if (bytes > unpackedBytes)
            throw badSource(`The unpacked archive is larger than ${unpackedBytes} bytes.`);
          yield chunk;
        }
      },
      createWriteStream(plain, { flags: 'wx', mode: 0o600 }),
      { signal },
    );
  } catch (error) {
    signal.throwIfAborted();
    if (isCliError(error)) throw error;
    throw badSource(`The archive is not a tar.gz file: ${messageOf(error)}.`);
  }
  await checkNotCompressed(plain);
}

const MAGIC = [Buffer.from([0x1f, 0x8b]), Buffer.from([0x28, 0xb5, 0x2f, 0xfd])];

/** Rejects an archive that is compressed twice: the tar library would decompress it again without a limit. */
async function checkNotCompressed(plain: string): Promise<void> {
  const handle = await open(plain, 'r');
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    if (MAGIC.some((magic) => buffer.subarray(0, magic.length).equals(magic))) {
      throw badSource('The archive is compressed twice.');
    }
  } finally {
    await handle.close();
  }
}

/**
 * Creates links last, so that no entry can be unpacked through one. The tar library does not create them because it can
 * deadlock if the target of a link has the name of a parent folder.
 */
async function createLinks(content: string, links: readonly ArchiveEntry[]): Promise<void> {
  for (const { path, type, linkpath = '' } of links) {
    const at = join(content, path);
    await makeFolder(dirname(at));
    if (type === 'Link') await link(join(content, linkpath), at);
    else await symlink(linkpath, at);
  }
}

async function checkEntries(
  plain: string,
  limits: InstallLimits,
): Promise<{ readonly root: string; readonly links: readonly ArchiveEntry[] }> {
  const check = new EntryCheck(limits);
  const links: ArchiveEntry[] = [];
  let failure: unknown;
  const { list } = await import('tar');
  try {
    await list({
      file: plain,
      strict: true,
      noResume: false,
      onReadEntry(entry) {
        if (failure !== undefined) return;
        try {
          const { path, type, linkpath, mode, size } = entry;
          check.add({ path, type, linkpath, mode, size });
          if (type === 'SymbolicLink' || type === 'Link') links.push({ path, type, linkpath });
        } catch (error) {
          failure = error;
        }
      },
    });
  } catch (error) {
    throw failure ?? unpackError(error);
  }
  if (failure !== undefined) throw failure;
  return { root: check.end(), links };
}

function unpackError(error: unknown): Error {
  return badSource(`The archive cannot be unpacked: ${messageOf(error)}.`);
}
