import { openStorage, type StorageConfig } from '../../kontrol.js';
import { systemClock } from '../../util/clock.js';
import { configurationError, usageError } from '../runtime/cli-error.js';
import { printList } from '../terminal/listing.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { loggerFor } from '../frame/server-lifecycle.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { withStorageHint } from './storage-hint.js';

export interface ResealOptions {
  readonly storage: StorageConfig;
  readonly format: OutputFormat | undefined;
}

/**
 * Encrypts the private keys in a storage with the current secret if they are unencrypted or encrypted with the former one,
 * and prints the ids of their key pairs. Nodes that are configured with both secrets keep running.
 *
 * @throws CliError if the storage does not support encryption, or if no secret is set
 * @throws StorageError if the storage cannot be reached, or if a key cannot be decrypted with either secret
 */
export async function resealKeys(
  { storage: config, format }: ResealOptions,
  runtime: CommandRuntime,
): Promise<void> {
  const storage = openStorage(config, { clock: systemClock, logger: loggerFor(runtime) });
  if (!storage.reseal) {
    throw usageError(
      `The storage "${storage.name}" does not encrypt keys.`,
      'Use --storage postgres or --storage etcd.',
    );
  }
  if (storage.secrets !== 'encrypted') {
    throw configurationError(
      'No secret to encrypt the keys with: KONTROL_SECRET is not set.',
      'Set KONTROL_SECRET to the new secret and KONTROL_FORMER_SECRET to the previous one.',
    );
  }
  await storage.open().catch((error: unknown) => {
    throw withStorageHint(error, config.type);
  });
  try {
    await reseal(storage.reseal.bind(storage), format, runtime);
  } catch (error) {
    throw withStorageHint(error, config.type);
  } finally {
    await storage.close();
  }
}

async function reseal(
  resealStorage: () => Promise<string[]>,
  format: OutputFormat | undefined,
  runtime: CommandRuntime,
): Promise<void> {
  const ids = await resealStorage();
  if (format === undefined && ids.length === 0)
    runtime.stderr.write('All keys are already encrypted with the current secret.\n');
  if (format === undefined && ids.length === 0) return;
  await printList(
    ids,
    { columns: [{ heading: 're-encrypted', text: (id) => id }], data: (id) => ({ id }), name: (id) => id },
    format,
    runtime,
  );
}
