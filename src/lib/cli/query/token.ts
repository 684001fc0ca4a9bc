import { isKiteError } from '../../protocol/errors.js';
import { parseToken } from '../../keys/index.js';
import { shellQuote } from '../../keys/secret-access.js';
import { isNoKitesFound } from '../../kite/kontrol/kontrol-responses.js';
import { notFound } from '../runtime/cli-error.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { withKontrol } from '../target/with-kontrol.js';
import { type Field, printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { requireQuery } from '../target/query-path.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { formatTime } from '../terminal/time.js';

export interface TokenOptions extends KontrolCommandOptions {
  /** The query path. Exactly one kite must match. */
  readonly path: string;
  /** Whether to get a new token instead of a cached one. */
  readonly force: boolean;
  readonly format: OutputFormat | undefined;
}

/** Gets a token for a kite from Kontrol, and prints it. */
export async function token(options: TokenOptions, runtime: CommandRuntime): Promise<void> {
  const { path, force, format } = options;
  const query = requireQuery(path);
  const operation = `getting a token for ${path}`;
  await withKontrol(options.settings, operation, runtime, async ({ kontrol, url }) => {
    const text = await kontrol.getToken(query, { force }).catch((error: unknown) => {
      throw toNotFoundError(error, path, url);
    });
    await printDetails(
      {
        fields: [...claimFields(text), { label: 'Token', value: text }],
        data: { token: text },
        name: text,
        lines: [text],
      },
      format,
      runtime,
    );
  });
}

/** Returns the claims of a token as fields, without verification, or no fields if it cannot be parsed. */
function claimFields(token: string): Field[] {
  try {
    const { username, audience, expiresAt } = parseToken(token);
    return [
      { label: 'User', value: username },
      { label: 'For', value: audience },
      { label: 'Until', value: formatTime(expiresAt) },
    ];
  } catch {
    return [];
  }
}

/** Returns the error of `getToken`, with what to do if not exactly one kite matches. */
function toNotFoundError(error: unknown, path: string, url: string): unknown {
  if (isNoKitesFound(error)) {
    return notFound(
      `No kite is registered for ${path} at ${url}.`,
      'List the kites with: kitectl query /USER',
    );
  }
  if (!isKiteError(error) || error.message !== 'query matches more than one kite') return error;
  return notFound(
    `More than one kite at ${url} matches ${path}.`,
    `Add fields to the query. List the kites with: kitectl query ${shellQuote(path)}`,
  );
}
