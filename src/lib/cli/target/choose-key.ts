import { configurationError, usageError } from '../runtime/cli-error.js';
import type { LookupAddresses } from '../../util/loopback.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { describeLocation } from '../settings/key-location.js';
import { findKey, type FoundKey, resolveKeyLocation } from './find-key.js';
import { isLoopbackTarget } from './loopback-target.js';

/** A kite key, and where it may go. */
export interface ChosenKey {
  readonly key: string;
  /** Whether it is for this machine only: the person did not ask for it to be sent. */
  readonly onlyLoopback: boolean;
}

/**
 * The kite key that calls to the URL `target` carry, or undefined for none. A key leaves this machine only when the person
 * says so: without `--auth` it goes to loopback addresses, and only if there is one.
 *
 * @throws CliError or ConfigurationError when a key that is to be sent is missing or broken
 */
export async function chooseKey(
  target: string,
  settings: CommandSettings,
  lookup?: LookupAddresses,
): Promise<ChosenKey | undefined> {
  const auth = settings.value(commonSettings.auth);
  const named = settings.hasFlag(commonSettings.kiteKey);
  if (auth === 'none') {
    if (!named) return undefined;
    throw usageError('--key-file names a key to send, and --auth none says to send none.');
  }
  if (auth === 'kite-key') return { key: (await loadKiteKey(settings)).key.jwt, onlyLoopback: false };
  if (await isLoopbackTarget(target, lookup)) {
    const found = await findKey(settings);
    return found && { key: found.key.jwt, onlyLoopback: true };
  }
  if (!named) return undefined;
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
export async function loadKiteKey(settings: CommandSettings): Promise<FoundKey> {
  const found = await findKey(settings);
  if (found) return found;
  throw configurationError(
    `There is no kite key at ${describeLocation(resolveKeyLocation(settings).location)}.`,
    'Get one with: kitectl register --to URL --username NAME; or name another file with --key-file.',
  );
}
