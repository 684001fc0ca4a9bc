import { openStorage, type StorageConfig } from '../../kontrol.js';
import { systemClock } from '../../util/clock.js';
import { configurationError, usageError } from '../runtime/cli-error.js';
import { printList } from '../terminal/listing.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { loggerFor } from '../frame/server-lifecycle.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

export interface ResealOptions {
  readonly storage: StorageConfig;
  readonly format: OutputFormat | undefined;
}

/**
 * Encrypts the private keys in a store with the secret of now, where they were encrypted with the former one or not at all,
 * and prints the ids of their pairs. Nodes that know both secrets go on meanwhile.
 *
 * @throws CliError where the store encrypts nothing
 * @throws StorageError where it cannot be reached, or has a key that neither secret opens
 */
export async function resealKeys(
  { storage: config, format }: ResealOptions,
  runtime: CommandRuntime,
): Promise<void> {
  const storage = openStorage(config, { clock: systemClock, logger: loggerFor(runtime) });
  if (!storage.reseal) {
    throw usageError(
      `The store "${storage.name}" encrypts nothing.`,
      'Name the one that does with --storage postgres or --storage etcd.',
    );
  }
  if (storage.secrets !== 'encrypted') {
    throw configurationError(
      'There is no secret to encrypt the keys with.',
      'Set KONTROL_SECRET to the new one, and KONTROL_FORMER_SECRET to the one before.',
    );
  }
  await storage.open();
  try {
    await reseal(storage.reseal.bind(storage), format, runtime);
  } finally {
    await storage.close();
  }
}

async function reseal(
  work: () => Promise<string[]>,
  format: OutputFormat | undefined,
  runtime: CommandRuntime,
): Promise<void> {
  const ids = await work();
  if (format === undefined && ids.length === 0)
    runtime.stderr.write('All keys are encrypted with it already.\n');
  if (format === undefined && ids.length === 0) return;
  await printList(
    ids,
    { columns: [{ heading: 're-encrypted', text: (id) => id }], data: (id) => ({ id }), name: (id) => id },
    format,
    runtime,
  );
}
