import { openStorage, type StorageConfig } from '../../kontrol.js';
import { defaultLimits } from '../../kite/limits/kite-limits.js';
import type { Storage } from '../../kontrol/storage/shared/storage.js';
import { exportStore, StoreImport, type TransferCounts } from '../../kontrol/storage/store-transfer.js';
import { isKiteError } from '../../protocol/errors.js';
import { systemClock } from '../../util/clock.js';
import { loggerFor } from '../frame/server-lifecycle.js';
import { type Line, readLines } from '../frame/read-lines.js';
import { type CliError, configurationError, usageError } from '../runtime/cli-error.js';
import { type CommandRuntime, write } from '../runtime/command-runtime.js';
import { toJson } from '../runtime/json.js';
import type { StorageSecrets } from './storage-secrets.js';
import { withStorageHint } from './storage-hint.js';

export interface TransferOptions {
  readonly storage: StorageConfig;
  /** Encrypt the private keys in the export. */
  readonly secrets: StorageSecrets;
}

/**
 * Prints what is in a storage as lines of JSON.
 *
 * @throws CliError if there is no secret to encrypt the private keys with
 * @throws StorageError if the storage cannot be read
 */
export async function exportStorage(options: TransferOptions, runtime: CommandRuntime): Promise<void> {
  const { stdout, stderr, signal } = runtime;
  const { secret } = options.secrets;
  if (secret === undefined)
    throw configurationError(
      'No secret to encrypt the private keys of the export with: KONTROL_SECRET is not set.',
      'Set KONTROL_SECRET; the import needs the same.',
    );
  await withStorage(options, runtime, async (storage) => {
    const records = exportStore(storage, { secret });
    for (;;) {
      const { done, value } = await records.next();
      signal.throwIfAborted();
      if (done) {
        stderr.write(`Exported ${summary(value)}.\n`);
        return;
      }
      await write(stdout, `${toJson(value)}\n`);
    }
  });
}

/**
 * Writes an export that standard input contains to a storage.
 *
 * @throws CliError if the export is malformed or incomplete, or if the storage belongs to another Kontrol
 * @throws StorageError if the storage cannot be written
 */
export async function importStorage(options: TransferOptions, runtime: CommandRuntime): Promise<void> {
  const { stdin, stderr, signal } = runtime;
  if (stdin.isTTY)
    throw usageError(
      'Standard input is a terminal, and not an export.',
      'Redirect an export to it: kitectl kontrol import < FILE',
    );
  await withStorage(options, runtime, async (storage) => {
    const target = new StoreImport(storage, options.secrets, runtime.clock.now());
    let last = 0;
    try {
      for await (const line of readLines(stdin, defaultLimits.messageBytes)) {
        signal.throwIfAborted();
        last = line.number;
        await target.add(parse(line));
      }
      stderr.write(`Imported ${summary(await target.finish())}.\n`);
    } catch (error) {
      throw isKiteError(error, 'argumentError') ? importError(last, error) : error;
    } finally {
      stdin.destroy();
    }
    if (target.skipped > 0)
      stderr.write(
        `${target.skipped} registrations were left out: they have expired, or their id belongs to another user.\n`,
      );
  });
}

function importError(line: number, cause: Error): CliError {
  const reason = `${cause.message}.`;
  return configurationError(`Line ${line} of standard input: ${reason}`, IMPORT_HINT, cause);
}

const IMPORT_HINT = 'Import a complete export of kitectl kontrol export into an empty store.';

async function withStorage(
  { storage: config }: TransferOptions,
  runtime: CommandRuntime,
  use: (storage: Storage) => Promise<void>,
): Promise<void> {
  if (config.type === 'memory')
    throw usageError(
      'The storage "memory" has no content outside of the Kontrol that uses it.',
      'Use --storage file, --storage postgres or --storage etcd.',
    );
  const storage = openStorage(config, { clock: systemClock, logger: loggerFor(runtime) });
  try {
    await storage.open();
    try {
      await use(storage);
    } finally {
      await storage.close();
    }
  } catch (error) {
    throw withStorageHint(error, config.type);
  }
}

function parse({ text, number }: Line): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw configurationError(`Line ${number} of standard input is not valid JSON.`, IMPORT_HINT);
  }
}

function summary(counts: TransferCounts): string {
  const names = {
    keyPair: ['key pair', 'key pairs'],
    revokedKiteKey: ['revoked kite key', 'revoked kite keys'],
    credential: ['credential', 'credentials'],
    invite: ['invite', 'invites'],
    registration: ['registration', 'registrations'],
  } as const satisfies Record<keyof TransferCounts, readonly [string, string]>;
  const parts = Object.entries(names).map(([type, [one, many]]) => {
    const count = counts[type as keyof TransferCounts];
    return `${count} ${count === 1 ? one : many}`;
  });
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}`;
}
