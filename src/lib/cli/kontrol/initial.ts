import { join } from 'node:path';
import { type KeyPair, newKiteKey } from '../../keys/index.js';
import { systemClock } from '../../util/clock.js';
import { configurationError, usageError } from '../runtime/cli-error.js';
import { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { describeLocation, type KeyLocation, locationData } from '../settings/key-location.js';
import { readKey } from '../target/find-key.js';
import { isTaken, plannedPlace, planStore, storeKey, type StorePlan } from '../keys/store-key.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { makeKeyFiles, readKeyFiles } from './key-files.js';
import type { KeyFiles, StartOptions } from './kontrol-start-options.js';

/** Where the key pair is when the person names no files. */
export function defaultKeyFiles(home: string): KeyFiles {
  return { publicKey: join(home, 'key_pub.pem'), privateKey: join(home, 'key.pem') };
}

/**
 * What `kontrol -initial` does: writes the kite key of Kontrol's user to the kite home, signed with the key pair in the
 * files, which are made where they are not there. Doing it again changes nothing.
 *
 * @throws CliError where there is another kite key, without `force`
 */
export async function writeInitialKey(
  options: StartOptions & { readonly format: OutputFormat | undefined },
  runtime: CommandRuntime,
): Promise<void> {
  const { username, kontrolUrl, force, format } = options;
  if (kontrolUrl === undefined) {
    throw usageError(
      'A kite key contains the URL of Kontrol, and port 0 is not a fixed address.',
      'Add -kontrolurl URL.',
    );
  }
  const { env } = runtime;
  const settings = CommandSettings.withoutFlags(env).with(commonSettings.keyStore, options.keyStore);
  const plan = await planStore(settings);
  const files = options.keyFiles ?? defaultKeyFiles(options.home);
  const existing = await readKeyFiles(files);
  const pair = existing ?? (await makeKeyFiles(files));
  if (!existing) runtime.stderr.write(`Made a key pair: ${files.privateKey} and ${files.publicKey}\n`);
  const place = plannedPlace(plan, { username, kontrolUrl });
  const same = !force && (await isSame(plan, place, options, pair, env));
  if (!same) {
    const jwt = newKiteKey({
      username,
      kontrolUser: username,
      kontrolUrl,
      keyPair: { publicKey: pair.publicKey, privateKey: pair.privateKey },
      clock: systemClock,
    });
    await storeKey(jwt, plan, env, { force });
  }
  const source = describeLocation(place);
  const said = same ? `The kite key of ${username} is there already:` : `Wrote the kite key of ${username}:`;
  await printDetails(
    {
      fields: [
        { label: 'Username', value: username },
        { label: 'Kontrol URL', value: kontrolUrl },
        { label: 'Kite key', value: source },
      ],
      data: { username, kontrolURL: kontrolUrl, ...locationData(place) },
      name: username,
      text: `${said} ${source}\n`,
    },
    format,
    runtime,
  );
}

/**
 * Whether the kite key at the place is what would be written.
 *
 * @throws CliError where it is another one
 */
async function isSame(
  plan: StorePlan,
  place: KeyLocation,
  { username, kontrolUrl = '' }: StartOptions,
  pair: KeyPair,
  env: CommandRuntime['env'],
): Promise<boolean> {
  const { keychain } = plan;
  if (!(await isTaken(plan, { username, kontrolUrl }))) return false;
  const key = await readKey(place, env, keychain && (async () => keychain));
  const same =
    key.username === username &&
    key.kontrolUser === username &&
    key.kontrolUrl === kontrolUrl &&
    key.kontrolKey.trim() === pair.publicKey.trim();
  if (same) return true;
  throw configurationError(
    `There is another kite key at ${describeLocation(place)} already; it was left alone.`,
    'See whose it is with: kitectl showkey. Replace it with -force, or set KITE_HOME to another folder.',
  );
}
