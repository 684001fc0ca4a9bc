import { describeSource, invalidValueMessage } from '../../kite/config/resolve-setting.js';
import { usageError } from '../runtime/cli-error.js';
import { TARGET, PLAIN_URL } from '../settings/command-values.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';

/** Which kite a command talks to. */
export type Target =
  | { readonly type: 'url'; readonly url: string }
  /** One that Kontrol finds for this query; `source` says what gave it. */
  | { readonly type: 'query'; readonly path: string; readonly source: string }
  /** The one kite of this person that answers. */
  | { readonly type: 'mine' };

/**
 * The kite that a command talks to: the URL or the query that its settings give, else the one kite of this person.
 *
 * @throws CliError or ConfigurationError where they give neither a URL nor a query
 */
export function resolveTarget(settings: CommandSettings): Target {
  const { value, source } = settings.resolve(commonSettings.to);
  if (!value) return { type: 'mine' };
  return value.type === 'url' ? value : { ...value, source: describeSource(source) };
}

/**
 * The URL of a kite that an argument or a flag gives.
 *
 * @throws CliError that names `source`, where it is not one
 */
export function requireUrl(text: string, source: string): string {
  const url = PLAIN_URL.parse(text);
  if (url !== undefined) return url;
  throw usageError(invalidValueMessage(source, text, PLAIN_URL.description));
}

/** The error for a command that is told of no kite, and cannot ask for one. */
export function noTarget(): Error {
  return usageError(
    'No kite to talk to: neither --to nor KITE_TO is given, and there is no kite key to ask Kontrol with.',
    `Name one with --to ${TARGET.example}, or for the whole shell with: export KITE_TO=${TARGET.example}`,
  );
}
