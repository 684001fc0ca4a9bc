import { createReadStream, createWriteStream } from 'node:fs';
import { link, mkdir, open, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { isCliError } from '../runtime/cli-error.js';
import type { InstallLimits } from './install-limits.js';
import { type Entry, EntryCheck } from './entry-check.js';
import { badSource } from './kite-folder.js';

/**
 * Unpacks a tar.gz into a new folder in `folder`, and resolves with the folder in it that holds the kite. Nothing is
 * written before all of the archive has been looked at; what is written belongs to this person, and nobody else may read
 * it.
 *
 * @throws CliError where it is no tar.gz, is too large, or holds what must not be in a kite
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
    await makeLinks(content, links);
  } catch (error) {
    throw broken(error);
  }
  signal.throwIfAborted();
  return join(content, root);
}

/** A file of its own, so that how much there is is known before any of it is read as an archive. */
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
          if (bytes > unpackedBytes) throw badSource(`It is larger than ${unpackedBytes} bytes unpacked.`);
          yield chunk;
        }
      },
      createWriteStream(plain, { flags: 'wx', mode: 0o600 }),
      { signal },
    );
  } catch (error) {
    signal.throwIfAborted();
    if (isCliError(error)) throw error;
    throw badSource(`The archive is not a tar.gz file: ${(error as Error).message}.`);
  }
  await refuseCompressed(plain);
}

const MAGIC = [Buffer.from([0x1f, 0x8b]), Buffer.from([0x28, 0xb5, 0x2f, 0xfd])];

/** The library would unpack what is packed twice, however much that becomes. */
async function refuseCompressed(plain: string): Promise<void> {
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
 * Links come last, so that nothing can be unpacked through one; and not by the library, which waits for itself where a
 * link leads to what is called like a folder above it.
 */
async function makeLinks(content: string, links: readonly Entry[]): Promise<void> {
  for (const { path, type, linkpath = '' } of links) {
    const at = join(content, path);
    await mkdir(dirname(at), { recursive: true, mode: 0o700 });
    if (type === 'Link') await link(join(content, linkpath), at);
    else await symlink(linkpath, at);
  }
}

async function checkEntries(
  plain: string,
  limits: InstallLimits,
): Promise<{ readonly root: string; readonly links: readonly Entry[] }> {
  const check = new EntryCheck(limits);
  const links: Entry[] = [];
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
    throw failure ?? broken(error);
  }
  if (failure !== undefined) throw failure;
  return { root: check.end(), links };
}

function broken(error: unknown): Error {
  return badSource(`The archive cannot be unpacked: ${(error as Error).message}.`);
}
