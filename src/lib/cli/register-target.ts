import { usageError } from './cli-error.js';
import { checkedUrl } from './target.js';

const EXAMPLE = 'http://127.0.0.1:4000/kite';

/**
 * Where a kite key is asked for, and for whom: the flags, else `KITE_KONTROL_URL` and `KITE_USERNAME`.
 *
 * @throws CliError where one is not said, or cannot be
 */
export function registerTarget(
  flags: { readonly to?: string | undefined; readonly username?: string | undefined },
  env: Readonly<Record<string, string | undefined>>,
): { readonly to: string; readonly username: string } {
  const to = flags.to ?? env['KITE_KONTROL_URL']?.split(',')[0]?.trim();
  const username = flags.username ?? env['KITE_USERNAME'];
  if (!to) {
    throw usageError(
      'No Kontrol to ask: neither --to nor KITE_KONTROL_URL is given.',
      `Name it with --to ${EXAMPLE}`,
    );
  }
  if (!username) {
    throw usageError(
      'Nobody to register: neither --username nor KITE_USERNAME is given.',
      'Say who you want to be with --username NAME',
    );
  }
  if (username.includes('/')) throw usageError(`A user name contains no "/": ${username}`);
  return { to: checkedUrl(to, flags.to === undefined ? 'KITE_KONTROL_URL' : '--to', EXAMPLE), username };
}
