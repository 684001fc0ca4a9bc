import { configurationError, usageError } from '../runtime/cli-error.js';
import type { LookupAddresses } from '../../util/loopback.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { describeLocation } from '../settings/key-location.js';
import { findKey, type FoundKey, resolveKeyLocation } from './find-key.js';
import { isLoopbackTarget } from './loopback-target.js';

/** A kite key to send. */
export interface ChosenKey {
  readonly key: string;
  /** Whether it may be sent only to loopback addresses, because the user did not pass `--auth`. */
  readonly onlyLoopback: boolean;
}

/**
 * Returns the kite key for calls to the URL `target`, or undefined to send none. Without `--auth`, the key is sent only to loopback
 * addresses, and only if there is one.
 *
 * @throws CliError or ConfigurationError if a key that must be sent is missing or invalid, or if the flags conflict
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
    throw usageError('--key-file and --auth none cannot be used together.');
  }
  if (auth === 'kite-key') return { key: (await loadKiteKey(settings)).key.jwt, onlyLoopback: false };
  if (await isLoopbackTarget(target, lookup)) {
    const found = await findKey(settings);
    return found && { key: found.key.jwt, onlyLoopback: true };
  }
  if (!named) return undefined;
  throw usageError(
    `${target} is on another machine, and a kite key is not sent there by default.`,
    'Add --auth kite-key to send it.',
  );
}

/**
 * Returns the active kite key.
 *
 * @throws CliError or ConfigurationError if there is none, or if it is invalid
 */
export async function loadKiteKey(settings: CommandSettings): Promise<FoundKey> {
  const found = await findKey(settings);
  if (found) return found;
  throw configurationError(
    `There is no kite key at ${describeLocation(resolveKeyLocation(settings).location)}.`,
    'Get one with: kitectl register --to URL --username NAME. Or choose another file with --key-file.',
  );
}
