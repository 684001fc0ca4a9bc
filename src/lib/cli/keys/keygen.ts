import { join } from 'node:path';
import {
  generateKeyPair,
  type KeyPair,
  type NewFile,
  selfSignedCertificate,
  writeFiles,
} from '../../keys/index.js';
import { configurationError, usageError } from '../runtime/cli-error.js';
import { pathExists } from '../runtime/path-exists.js';
import { type Details, printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { requireConfirmation } from '../terminal/prompt.js';
import { canPrompt, type CommandRuntime } from '../runtime/command-runtime.js';

export interface KeygenOptions {
  /** Folder for the files; made if it is not there. */
  readonly out: string;
  readonly bits: number;
  /** Make a self-signed certificate too, for these host names and addresses. */
  readonly tls: false | { readonly hosts: readonly string[]; readonly days: number };
  /** Overwrite what is there. */
  readonly force: boolean;
  /** Overwrite without asking. */
  readonly yes: boolean;
  readonly format: OutputFormat | undefined;
}

/**
 * Makes a key pair, writes it as PEM files, and prints where. Either all files are written or none, and the private key
 * can be read by its owner only.
 *
 * @throws CliError or ConfigurationError when a file is there already, or cannot be written
 */
export async function keygen(options: KeygenOptions, runtime: CommandRuntime): Promise<void> {
  const { out, bits, tls, force, format } = options;
  const paths = {
    privateKey: join(out, 'key.pem'),
    publicKey: join(out, 'key_pub.pem'),
    ...(tls && { certificate: join(out, 'cert.pem') }),
  };
  // Written or not is decided at the end; this spares whoever asked for 8,192 bits the wait.
  await checkExistingKey(Object.values(paths), options, runtime);

  const keys = await generateKeyPair({ bits });
  const files: NewFile[] = [
    { path: paths.privateKey, content: keys.privateKey, mode: 0o600 },
    { path: paths.publicKey, content: keys.publicKey, mode: 0o644 },
  ];
  if (tls) files.push({ path: join(out, 'cert.pem'), content: await certificate(tls, keys), mode: 0o644 });
  runtime.signal.throwIfAborted();
  await writeFiles(files, { force });
  await printDetails(details(paths), format, runtime);
}

/** Asks a person before a key pair is overwritten: who relies on it loses it. In a script `force` says it all. */
async function checkExistingKey(
  paths: readonly string[],
  { force, yes }: KeygenOptions,
  runtime: CommandRuntime,
): Promise<void> {
  const there: string[] = [];
  for (const path of paths) if (await pathExists(path)) there.push(path);
  const [first] = there;
  if (first === undefined) return;
  if (!force) {
    throw configurationError(
      `${first} is there already; nothing was written.`,
      'Overwrite with --force, or choose another folder with --out DIR.',
    );
  }
  if (!yes && canPrompt(runtime)) {
    await requireConfirmation(`Overwrite ${there.join(' and ')}? There is no copy.`, false, runtime);
  }
}

async function certificate(tls: { hosts: readonly string[]; days: number }, keys: KeyPair): Promise<string> {
  try {
    return await selfSignedCertificate({ ...tls, keys });
  } catch (error) {
    if (error instanceof RangeError) throw usageError(`--host: ${error.message}`);
    throw error;
  }
}

function details(paths: { privateKey: string; publicKey: string; certificate?: string }): Details {
  const fields = [
    { label: 'private key', value: paths.privateKey },
    { label: 'public key', value: paths.publicKey },
  ];
  if (paths.certificate !== undefined) fields.push({ label: 'certificate', value: paths.certificate });
  return { fields, data: paths, name: paths.privateKey };
}
