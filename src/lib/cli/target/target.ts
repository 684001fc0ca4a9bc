import { describeSource, invalidValueMessage } from '../../kite/config/resolve-setting.js';
import { usageError } from '../runtime/cli-error.js';
import { TARGET, PLAIN_URL } from '../settings/command-values.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';

/** The kite that a command connects to. */
export type Target =
  | { readonly type: 'url'; readonly url: string }
  /** A query to look up at Kontrol. `source` is the setting that contains it, for messages. */
  | { readonly type: 'query'; readonly path: string; readonly source: string }
  /** The only kite of the user that responds. */
  | { readonly type: 'own' };

/**
 * Returns the target that the settings define.
 *
 * @throws CliError or ConfigurationError if the setting is neither a URL nor a query
 */
export function resolveTarget(settings: CommandSettings): Target {
  const { value, source } = settings.resolve(commonSettings.to);
  if (!value) return { type: 'own' };
  return value.type === 'url' ? value : { ...value, source: describeSource(source) };
}

/**
 * Parses the URL of a kite.
 *
 * @throws CliError that names `source`, if `text` is not a valid URL
 */
export function requireUrl(text: string, source: string): string {
  const url = PLAIN_URL.parse(text);
  if (url !== undefined) return url;
  throw usageError(invalidValueMessage(source, text, PLAIN_URL.description));
}

/** Returns the error for a command without a target and without a kite key to find one. */
export function noTarget(): Error {
  return usageError(
    'No target: neither --to nor KITE_TO is set, and there is no kite key to look up your kites at Kontrol.',
    `Set one with --to ${TARGET.example}, or with: export KITE_TO=${TARGET.example}`,
  );
}
