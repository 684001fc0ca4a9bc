import { constants } from 'node:fs';
import { access, chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateKeyPair, selfSignedCertificate } from '../keys/index.js';
import { configurationError } from './cli-error.js';
import { toJson } from './json.js';
import { type Surroundings, write } from './surroundings.js';

export interface KeygenOptions {
  /** Folder for the files. */
  readonly out: string;
  readonly bits: number;
  /** Make a self-signed certificate too, for these host names and addresses. */
  readonly tls: false | { readonly hosts: readonly string[]; readonly days: number };
  /** Overwrite what is there. */
  readonly force: boolean;
  readonly json: boolean;
}

interface NewFile {
  /** What the file is, as the JSON output names it. */
  readonly name: 'privateKey' | 'publicKey' | 'certificate';
  readonly path: string;
  readonly mode: number;
}

/**
 * Makes a key pair, writes it as PEM files, and prints where. Either all files are written or none: the private key can
 * be read by its owner only, from the moment it exists.
 *
 * @throws CliError when a file is there already, or cannot be written.
 */
export async function keygen(options: KeygenOptions, surroundings: Surroundings): Promise<void> {
  const { out, bits, tls, force } = options;
  const files: NewFile[] = [
    { name: 'privateKey', path: join(out, 'key.pem'), mode: 0o600 },
    { name: 'publicKey', path: join(out, 'key_pub.pem'), mode: 0o644 },
  ];
  if (tls) files.push({ name: 'certificate', path: join(out, 'cert.pem'), mode: 0o644 });
  if (!force) await refuseExisting(files);

  const keys = await generateKeyPair({ bits });
  const contents = new Map([
    ['privateKey', keys.privateKey],
    ['publicKey', keys.publicKey],
  ]);
  if (tls)
    contents.set('certificate', await selfSignedCertificate({ hosts: tls.hosts, days: tls.days, keys }));
  surroundings.signal.throwIfAborted();
  await writeAll(
    out,
    files.map((file) => ({ ...file, content: contents.get(file.name) ?? '' })),
  );
  await write(surroundings.stdout, report(files, options.json));
}

async function refuseExisting(files: readonly NewFile[]): Promise<void> {
  for (const { path } of files) {
    const exists = await access(path, constants.F_OK).then(
      () => true,
      () => false,
    );
    if (exists) {
      throw configurationError(
        `${path} is there already; nothing was written.`,
        'Overwrite with --force, or choose another folder with --out DIR.',
      );
    }
  }
}

/** Writes every file beside its place before any takes its place, so that a full disk leaves what was there. */
async function writeAll(folder: string, files: readonly (NewFile & { content: string })[]): Promise<void> {
  const waiting = files.map((file) => ({ ...file, temporary: `${file.path}.${process.pid}.tmp` }));
  try {
    await mkdir(folder, { recursive: true });
    for (const { temporary, content, mode } of waiting) {
      await writeFile(temporary, content, { mode, flag: 'wx' });
      // The mode above is subject to the umask.
      await chmod(temporary, mode);
    }
    for (const { temporary, path } of waiting) await rename(temporary, path);
  } catch (error) {
    await Promise.all(waiting.map(({ temporary }) => rm(temporary, { force: true })));
    const reason = error instanceof Error ? error.message : String(error);
    throw configurationError(
      `The keys cannot be written: ${reason}`,
      'Choose another folder with --out DIR.',
      error,
    );
  }
}

function report(files: readonly NewFile[], json: boolean): string {
  if (json) return `${toJson(Object.fromEntries(files.map(({ name, path }) => [name, path])))}\n`;
  const labels = { privateKey: 'private key', publicKey: 'public key', certificate: 'certificate' };
  const line = ({ name, path }: NewFile): string => `${labels[name].padEnd(12)} ${path}\n`;
  return files.map(line).join('');
}
