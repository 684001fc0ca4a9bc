import { isKiteError, KiteError } from '../../protocol/errors.js';
import { CliError, configurationError, isCliError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { findKey } from '../target/find-key.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { type LocatedKey, withKey } from '../target/with-kontrol.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { adminKey } from './kontrol-admin.js';

export interface UiOptions extends KontrolCommandOptions {
  /** Signs in as Kontrol's own user, who sees every kite. */
  readonly admin: boolean;
  readonly format: OutputFormat | undefined;
}

/**
 * Prints a link that opens Kontrol's page, signed in as the person. It works once, for two minutes.
 *
 * @throws CliError when there is no kite key, when Kontrol refuses, or when it shows no page
 */
export async function printLink(options: UiOptions, runtime: CommandRuntime): Promise<void> {
  const { settings } = options;
  const found = await keyOf(options);
  const { key } = found;
  await withKey(settings, found, 'signing in', runtime, async ({ client, url, spinner }) => {
    const answer = await spinner.during(`Waiting for ${url}`, () =>
      client.call<unknown, string>('signInCode', []).catch(withoutPage(url)),
    );
    const { code, ttl } = (answer ?? {}) as { readonly code?: unknown; readonly ttl?: unknown };
    if (typeof code !== 'string' || typeof ttl !== 'number') {
      throw new KiteError('invalidResponse', `${url} did not answer with a code`);
    }
    // Behind the #, so that it is in no request, and in no server's log.
    const page = new URL('/', url.replace(/^ws/, 'http'));
    page.hash = `sign-in=${code}`;
    const seconds = Math.round(ttl / 1000);
    await printDetails(
      {
        fields: [
          { label: 'User', value: key.username },
          { label: 'Good for', value: `${seconds} s, once` },
          { label: 'Link', value: page.href },
        ],
        data: { link: page.href, username: key.username, seconds },
        name: page.href,
        text: `${page.href}\n`,
      },
      options.format,
      runtime,
    );
  });
}

/** The person's own key, with which kites can be called; where there is none, that of Kontrol's user, if this is its machine. */
async function keyOf({ admin, settings }: UiOptions): Promise<LocatedKey> {
  if (admin) return adminKey(settings);
  const own = await findKey(settings);
  if (own) return own;
  try {
    return await adminKey(settings);
  } catch (error) {
    if (!isCliError(error)) throw error;
    throw configurationError(
      "There is no kite key: neither one of yours, nor that of Kontrol's own user.",
      'Get one with: kitectl register --to URL --username NAME; or run this where Kontrol was started.',
    );
  }
}

function withoutPage(url: string): (error: unknown) => never {
  return (error) => {
    if (!isKiteError(error, 'methodNotFound')) throw error;
    throw new CliError(`Kontrol at ${url} shows no page.`, {
      exitCode: ExitCode.noSuchMethod,
      type: 'methodNotFound',
      hint: 'Start it with --ui; one that only this machine can connect to does so by itself.',
      cause: error,
    });
  };
}
