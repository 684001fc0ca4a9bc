import { configurationError, usageError } from '../runtime/cli-error.js';
import type { LookupAddresses } from '../../util/loopback.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { describeLocation } from '../settings/key-location.js';
import { findKey, type FoundKey, resolveKeyLocation } from './find-key.js';
import { isLoopbackTarget } from './loopback-target.js';

/** The kite key for a target. */
export interface ChosenKey {
  readonly found: FoundKey;
  /** Whether each call carries it, because of `--auth`. Otherwise credentials are sent only if the kite requires them. */
  readonly always: boolean;
}

/**
 * Returns the kite key for calls to the URL `target`, or undefined to send no credentials. Without `--auth`, they are sent only to
 * loopback addresses, and only if there is a kite key; `keyRefusal` decides about that of an open connection.
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
  if (auth === 'kite-key') return { found: await loadKiteKey(settings), always: true };
  if (await isLoopbackTarget(target, lookup)) {
    const found = await findKey(settings);
    return found && { found, always: false };
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
