import { findKiteKey, type KiteKey, kiteHome, kiteKeyPath, readKiteKeyFile } from '../keys/index.js';
import { configurationError, usageError } from './cli-error.js';
import { isLoopback } from './target.js';

type Environment = Readonly<Record<string, string | undefined>>;

export interface KeyOptions {
  /** The URL that is called. */
  readonly target: string;
  /** What the person said about sending the kite key; undefined = nothing. */
  readonly auth: 'none' | 'kite-key' | undefined;
  /** File with the kite key; undefined = where every kite looks. */
  readonly keyFile: string | undefined;
}

/**
 * The kite key that calls to `target` carry, or undefined for none. A key leaves this machine only when the person says
 * so: without `--auth` it goes to loopback addresses, and only if there is one.
 *
 * @throws CliError or ConfigurationError when a key that is to be sent is missing or broken
 */
export function chooseKey({ target, auth, keyFile }: KeyOptions, env: Environment): string | undefined {
  if (auth === 'none') {
    if (keyFile === undefined) return undefined;
    throw usageError('--key-file names a key to send, and --auth none says to send none.');
  }
  if (auth === 'kite-key') return loadKiteKey(keyFile, env).key.jwt;
  if (isLoopback(target))
    return keyFile === undefined ? findKiteKey(undefined, env)?.jwt : readKiteKeyFile(keyFile).jwt;
  if (keyFile === undefined) return undefined;
  throw usageError(
    `A kite key goes to another machine only when you say so, and ${target} is on one.`,
    'Add --auth kite-key to send it there.',
  );
}

/**
 * The kite key in `keyFile`, or the one that every kite of this person uses, and where it was found.
 *
 * @throws CliError when there is none, ConfigurationError when it cannot be used
 */
export function loadKiteKey(
  keyFile: string | undefined,
  env: Environment,
): { readonly key: KiteKey; readonly source: string } {
  if (keyFile !== undefined) return { key: readKiteKeyFile(keyFile), source: keyFile };
  const source = env['KITE_KEY'] ? 'KITE_KEY' : env['KITE_KEY_FILE'] || kiteKeyPath(kiteHome(env));
  const key = findKiteKey(undefined, env);
  if (key) return { key, source };
  throw configurationError(
    `There is no kite key at ${source}.`,
    'Get one with: kitectl register --to URL --username NAME; or name another file with --key-file.',
  );
}
