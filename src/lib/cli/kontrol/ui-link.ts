import { isKiteError, KiteError } from '../../protocol/errors.js';
import { configurationError, isCliError } from '../runtime/cli-error.js';
import { findKey } from '../target/find-key.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { isGoKontrol, notOffered } from '../target/missing-method.js';
import { type KontrolSession, type LocatedKey, withKey } from '../target/with-kontrol.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { findAdminKey } from './kontrol-admin.js';
import { toHttp } from '../../util/web-url.js';

export interface UiLinkOptions extends KontrolCommandOptions {
  /** Sign in as Kontrol's own user, who can see all kites. */
  readonly admin: boolean;
  readonly format: OutputFormat | undefined;
}

/**
 * Prints a link that opens Kontrol's web page and signs the user in. The link can be used once, within two minutes.
 *
 * @throws CliError if there is no kite key, if Kontrol rejects the call, or if it does not serve the page
 */
export async function printUiLink(options: UiLinkOptions, runtime: CommandRuntime): Promise<void> {
  const { settings } = options;
  const found = await findSignInKey(options);
  const { key } = found;
  await withKey(settings, found, 'signing in', runtime, async ({ client, url, spinner }) => {
    const answer = await spinner.during(`Waiting for ${url}`, () =>
      client
        .call<unknown, string>('signInCode', [])
        .catch((error: unknown) => rethrowWithoutPage(error, client, url)),
    );
    const { code, ttl } = (answer ?? {}) as { readonly code?: unknown; readonly ttl?: unknown };
    if (typeof code !== 'string' || typeof ttl !== 'number') {
      throw new KiteError('invalidResponse', `${url} did not return a sign-in code`);
    }
    // In the fragment, which is not sent to servers and not logged by them.
    const page = new URL('/', toHttp(url));
    page.hash = `sign-in=${code}`;
    const seconds = Math.round(ttl / 1000);
    await printDetails(
      {
        fields: [
          { label: 'User', value: key.username },
          { label: 'Valid for', value: `${seconds} s, once` },
          { label: 'Link', value: page.href },
        ],
        data: { link: page.href, username: key.username, seconds },
        name: page.href,
        lines: [page.href],
      },
      options.format,
      runtime,
    );
  });
}

/** Finds the kite key to sign in with: the user's own one, else the one of Kontrol's own user. */
async function findSignInKey({ admin, settings }: UiLinkOptions): Promise<LocatedKey> {
  if (admin) return findAdminKey(settings);
  const own = await findKey(settings);
  if (own) return own;
  try {
    return await findAdminKey(settings);
  } catch (error) {
    if (!isCliError(error)) throw error;
    throw configurationError(
      "No kite key found: neither your own nor that of Kontrol's own user.",
      'Get one with: kitectl register --to URL --username NAME. Or run this on the machine of Kontrol.',
    );
  }
}

async function rethrowWithoutPage(
  error: unknown,
  client: KontrolSession['client'],
  url: string,
): Promise<never> {
  if (!isKiteError(error, 'methodNotFound')) throw error;
  const isGo = await isGoKontrol(client);
  throw notOffered(
    `Kontrol at ${url} does not serve a web page${isGo ? ', like every Kontrol of the Go implementation' : ''}.`,
    isGo
      ? 'Show its kites on the terminal with: kitectl top'
      : 'Start Kontrol with --ui, which is the default only if it listens on a loopback address.',
    error,
  );
}
