import { join } from 'node:path';
import { type KeyPair, newKiteKey } from '../../keys/index.js';
import { systemClock } from '../../util/clock.js';
import { configurationError, usageError } from '../runtime/cli-error.js';
import { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { describeLocation, type KeyLocation, locationData } from '../settings/key-location.js';
import { readKey } from '../target/find-key.js';
import { keyExists, plannedLocation, planStore, storeKey, type StorePlan } from '../keys/store-key.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { createKeyFiles, readKeyFiles } from './key-files.js';
import type { KeyFiles, KontrolStartOptions } from './kontrol-start-options.js';

/** Default paths of Kontrol's key pair. */
export function defaultKeyFiles(home: string): KeyFiles {
  return { publicKey: join(home, 'key_pub.pem'), privateKey: join(home, 'key.pem') };
}

/**
 * Implements `kontrol start -initial`: stores the kite key of Kontrol's user, signed with the key pair in the files, which
 * are created if they do not exist. Idempotent.
 *
 * @throws CliError if another kite key exists and `force` is false
 */
export async function writeInitialKey(
  options: KontrolStartOptions & { readonly format: OutputFormat | undefined },
  runtime: CommandRuntime,
): Promise<void> {
  const { username, kontrolUrl, force, format } = options;
  if (kontrolUrl === undefined) {
    throw usageError(
      'The URL of Kontrol is unknown because port 0 is not a fixed port.',
      'Set it with --kontrolurl URL, or set a port with --port.',
    );
  }
  const { env } = runtime;
  const settings = CommandSettings.withoutFlags(env).with(commonSettings.keyStore, options.keyStore);
  const plan = await planStore(settings);
  const files = options.keyFiles ?? defaultKeyFiles(options.home);
  const existing = await readKeyFiles(files);
  const pair = existing ?? (await createKeyFiles(files));
  if (!existing) runtime.stderr.write(`Created a key pair: ${files.privateKey} and ${files.publicKey}\n`);
  const location = plannedLocation(plan, { username, kontrolUrl });
  const upToDate = !force && (await isUpToDate(plan, location, options, pair, env));
  if (!upToDate) {
    const jwt = newKiteKey({
      username,
      kontrolUser: username,
      kontrolUrl,
      keyPair: { publicKey: pair.publicKey, privateKey: pair.privateKey },
      clock: systemClock,
    });
    await storeKey(jwt, plan, env, { force });
  }
  const source = describeLocation(location);
  const result = upToDate
    ? `The kite key of ${username} already exists:`
    : `Created the kite key of ${username}:`;
  await printDetails(
    {
      fields: [
        { label: 'Username', value: username },
        { label: 'Kontrol URL', value: kontrolUrl },
        { label: 'Kite key', value: source },
      ],
      data: { username, kontrolURL: kontrolUrl, ...locationData(location) },
      name: username,
      lines: [`${result} ${source}`],
    },
    format,
    runtime,
  );
}

/**
 * Whether the stored kite key is the one that would be created.
 *
 * @throws CliError if it is a different one
 */
async function isUpToDate(
  plan: StorePlan,
  location: KeyLocation,
  { username, kontrolUrl = '' }: KontrolStartOptions,
  pair: KeyPair,
  env: CommandRuntime['env'],
): Promise<boolean> {
  const { keychain } = plan;
  if (!(await keyExists(plan, { username, kontrolUrl }))) return false;
  const key = await readKey(location, env, keychain && (async () => keychain));
  const upToDate =
    key.username === username &&
    key.kontrolUser === username &&
    key.kontrolUrl === kontrolUrl &&
    key.kontrolKey.trim() === pair.publicKey.trim();
  if (upToDate) return true;
  throw configurationError(
    `A different kite key already exists at ${describeLocation(location)}; nothing was changed.`,
    'Inspect it with: kitectl showkey. Replace it with -force, or set KITE_HOME to another folder.',
  );
}
