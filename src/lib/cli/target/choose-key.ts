import { configurationError, usageError } from '../runtime/cli-error.js';
import { describePlace, findKey, type FoundKey, type KeyChoice, placeOfKey } from './find-key.js';
import { isLoopback } from './target.js';

type Environment = Readonly<Record<string, string | undefined>>;

export interface KeyOptions extends KeyChoice {
  /** The URL that is called. */
  readonly target: string;
  /** What the person said about sending the kite key; undefined = nothing. */
  readonly auth: 'none' | 'kite-key' | undefined;
}

/**
 * The kite key that calls to `target` carry, or undefined for none. A key leaves this machine only when the person says
 * so: without `--auth` it goes to loopback addresses, and only if there is one.
 *
 * @throws CliError or ConfigurationError when a key that is to be sent is missing or broken
 */
export async function chooseKey(
  { target, auth, ...choice }: KeyOptions,
  env: Environment,
): Promise<string | undefined> {
  const { keyFile } = choice;
  if (auth === 'none') {
    if (keyFile === undefined) return undefined;
    throw usageError('--key-file names a key to send, and --auth none says to send none.');
  }
  if (auth === 'kite-key') return (await loadKiteKey(choice, env)).key.jwt;
  if (isLoopback(target)) return (await findKey(choice, env))?.key.jwt;
  if (keyFile === undefined) return undefined;
  throw usageError(
    `A kite key goes to another machine only when you say so, and ${target} is on one.`,
    'Add --auth kite-key to send it there.',
  );
}

/**
 * The kite key that this person uses, and where it was found.
 *
 * @throws CliError when there is none, or it cannot be used
 */
export async function loadKiteKey(choice: KeyChoice, env: Environment): Promise<FoundKey> {
  const found = await findKey(choice, env);
  if (found) return found;
  throw configurationError(
    `There is no kite key at ${describePlace(placeOfKey(choice, env).place)}.`,
    'Get one with: kitectl register --to URL --username NAME; or name another file with --key-file.',
  );
}
