import { join } from 'node:path';
import {
  type KeyPair,
  kiteHome,
  kiteKeyPath,
  newKiteKey,
  readKiteKeyFile,
  writeKiteKeyFile,
} from '../../keys/index.js';
import { isKiteError } from '../../protocol/errors.js';
import { systemClock } from '../../util/clock.js';
import { configurationError, usageError } from '../cli-error.js';
import { printDetails } from '../output/details.js';
import type { OutputFormat } from '../output/format.js';
import type { Surroundings } from '../surroundings.js';
import { makeKeyFiles, readKeyFiles } from './key-files.js';
import type { KeyFiles, StartOptions } from './start-options.js';

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
  surroundings: Surroundings,
): Promise<void> {
  const { username, kontrolUrl, force, format } = options;
  if (kontrolUrl === undefined) {
    throw usageError('A kite key says where Kontrol is, and port 0 does not.', 'Add -kontrolurl URL.');
  }
  const files = options.keyFiles ?? defaultKeyFiles(options.home);
  const existing = await readKeyFiles(files);
  const pair = existing ?? (await makeKeyFiles(files));
  if (!existing) surroundings.stderr.write(`Made a key pair: ${files.privateKey} and ${files.publicKey}\n`);
  const home = kiteHome(surroundings.env);
  const file = kiteKeyPath(home);
  const same = !force && isSame(file, options, pair);
  if (!same) {
    const jwt = newKiteKey({
      username,
      kontrolUser: username,
      kontrolUrl,
      keyPair: { publicKey: pair.publicKey, privateKey: pair.privateKey },
      clock: systemClock,
    });
    await writeKiteKeyFile(jwt, { home, force });
  }
  const said = same ? `The kite key of ${username} is there already:` : `Wrote the kite key of ${username}:`;
  await printDetails(
    {
      fields: [
        { label: 'Username', value: username },
        { label: 'Kontrol URL', value: kontrolUrl },
        { label: 'Kite key', value: file },
      ],
      data: { username, kontrolURL: kontrolUrl, file },
      name: username,
      text: `${said} ${file}\n`,
    },
    format,
    surroundings,
  );
}

/**
 * Whether the kite key in `file` is what would be written.
 *
 * @throws CliError where it is another one
 */
function isSame(file: string, { username, kontrolUrl }: StartOptions, pair: KeyPair): boolean {
  try {
    const key = readKiteKeyFile(file);
    const same =
      key.username === username &&
      key.kontrolUser === username &&
      key.kontrolUrl === kontrolUrl &&
      key.kontrolKey.trim() === pair.publicKey.trim();
    if (same) return true;
  } catch (error) {
    if (isKiteError(error) && error.code === 'keyFileMissing') return false;
    throw error;
  }
  throw configurationError(
    `There is another kite key at ${file} already; it was left alone.`,
    'See whose it is with: kitectl showkey. Replace it with -force, or set KITE_HOME to another folder.',
  );
}
