import { join } from 'node:path';
import {
  generateKeyPair,
  type KeyPair,
  type NewFile,
  selfSignedCertificate,
  writeFiles,
} from '../../keys/index.js';
import { toCliError } from '../frame/failures.js';
import { configurationError, usageError } from '../runtime/cli-error.js';
import { pathExists } from '../runtime/path-exists.js';
import { type Details, printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { requireConfirmation } from '../terminal/prompt.js';
import { canPrompt, type CommandRuntime } from '../runtime/command-runtime.js';

export interface KeygenOptions {
  /** Folder for the files; created if it does not exist. */
  readonly out: string;
  readonly bits: number;
  /** Also create a self-signed certificate for this machine and for these host names and addresses. */
  readonly tls: false | { readonly hosts: readonly string[]; readonly days: number };
  /** Overwrite existing files. */
  readonly force: boolean;
  /** Skip the confirmation. */
  readonly yes: boolean;
  readonly format: OutputFormat | undefined;
}

/** The names by which kites and programs on this machine reach a server, whose default URL is `https://127.0.0.1:PORT`. */
const THIS_MACHINE = ['localhost', '127.0.0.1', '::1'];

/**
 * Generates a key pair, writes it as PEM files, and prints their paths. Writes either all files or none. Only the owner can
 * read the private key.
 *
 * @throws CliError or ConfigurationError if a file exists already or cannot be written
 */
export async function keygen(options: KeygenOptions, runtime: CommandRuntime): Promise<void> {
  const { out, bits, tls, force, format } = options;
  const paths = {
    privateKey: join(out, 'key.pem'),
    publicKey: join(out, 'key_pub.pem'),
    ...(tls && { certificate: join(out, 'cert.pem') }),
  };
  // writeFiles checks again; this check avoids a long key generation that would fail at the end.
  await confirmOverwrite(Object.values(paths), options, runtime);

  const keys = await generateKeyPair({ bits });
  const files: NewFile[] = [
    { path: paths.privateKey, content: keys.privateKey, mode: 0o600 },
    { path: paths.publicKey, content: keys.publicKey, mode: 0o644 },
  ];
  if (tls)
    files.push({ path: join(out, 'cert.pem'), content: await createCertificate(tls, keys), mode: 0o644 });
  runtime.signal.throwIfAborted();
  await writeFiles(files, { force }).catch((error: unknown) => {
    throw toCliError(error).with({ hint: 'Choose another folder with --out DIR.' });
  });
  await printDetails(keyFileDetails(paths), format, runtime);
}

/** Confirms that a key pair may be overwritten. Without a terminal, `force` is enough. */
async function confirmOverwrite(
  paths: readonly string[],
  { force, yes }: KeygenOptions,
  runtime: CommandRuntime,
): Promise<void> {
  const existing: string[] = [];
  for (const path of paths) if (await pathExists(path)) existing.push(path);
  const [first] = existing;
  if (first === undefined) return;
  if (!force) {
    throw configurationError(
      `${first} already exists; nothing was written.`,
      'Overwrite with --force, or choose another folder with --out DIR.',
    );
  }
  if (!yes && canPrompt(runtime)) {
    await requireConfirmation(`Overwrite ${existing.join(' and ')}? This cannot be undone.`, false, runtime);
  }
}

async function createCertificate(
  tls: { hosts: readonly string[]; days: number },
  keys: KeyPair,
): Promise<string> {
  // The first name is also that of the subject.
  const hosts = [...new Set([...tls.hosts, ...THIS_MACHINE])];
  try {
    return await selfSignedCertificate({ ...tls, hosts, keys });
  } catch (error) {
    if (error instanceof RangeError) throw usageError(`--host: ${error.message}`);
    throw error;
  }
}

function keyFileDetails(paths: { privateKey: string; publicKey: string; certificate?: string }): Details {
  const fields = [
    { label: 'private key', value: paths.privateKey },
    { label: 'public key', value: paths.publicKey },
  ];
  if (paths.certificate !== undefined) fields.push({ label: 'certificate', value: paths.certificate });
  return { fields, data: paths, name: paths.privateKey };
}
