import { parseToken } from '../../keys/index.js';
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
  /** Which kite, as a path: exactly one must fit. */
  readonly path: string;
  /** A new token, where Kontrol would give one that it has made before. */
  readonly force: boolean;
  readonly format: OutputFormat | undefined;
}

/** Gets a token for a kite from Kontrol, and prints it. It is a secret: whoever has it may call the kite in your name. */
export async function token(options: TokenOptions, runtime: CommandRuntime): Promise<void> {
  const { path, force, format } = options;
  const asked = requireQuery(path, 'The query');
  const what = `getting a token for ${path}`;
  await withKontrol(options.settings, what, runtime, async ({ kontrol }) => {
    const text = await kontrol.getToken(asked, { force }).catch(toNotFoundError);
    await printDetails(
      {
        fields: [...claimFields(text), { label: 'Token', value: text }],
        data: { token: text },
        name: text,
        text: `${text}\n`,
      },
      format,
      runtime,
    );
  });
}

/** What a token says, as far as it can be read; nobody here can check it. */
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

function toNotFoundError(error: unknown): never {
  if (!isNoKitesFound(error)) throw error;
  throw notFound((error as Error).message, 'See what there is with: kitectl query /USER');
}
