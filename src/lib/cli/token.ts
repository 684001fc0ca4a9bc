import { isKiteError, KiteError } from '../protocol/errors.js';
import { notFound } from './cli-error.js';
import { toJson } from './json.js';
import { type KontrolOptions, withKontrol } from './kontrol-client.js';
import { requireQuery } from './query-path.js';
import { type Surroundings, write } from './surroundings.js';

export interface TokenOptions extends KontrolOptions {
  /** Which kite, as a path: exactly one must fit. */
  readonly path: string;
  /** A new token, where Kontrol would give one that it has made before. */
  readonly force: boolean;
  readonly json: boolean;
}

/** Gets a token for a kite from Kontrol, and prints it. It is a secret: whoever has it may call the kite in your name. */
export async function token(options: TokenOptions, surroundings: Surroundings): Promise<void> {
  const { path, force, json } = options;
  const asked = requireQuery(path, 'The query');
  const what = `getting a token for ${path}`;
  await withKontrol(options, what, surroundings, async ({ client, url }) => {
    const text: unknown = await client
      .call<unknown, string>('getToken', [{ ...asked, force }])
      .catch(notFoundToo);
    if (typeof text !== 'string' || text === '') {
      throw new KiteError('invalidResponse', `${url} did not answer with a token`);
    }
    await write(surroundings.stdout, json ? `${toJson({ token: text })}\n` : `${text}\n`);
  });
}

function notFoundToo(error: unknown): never {
  const { message } = error as Error;
  if (!isKiteError(error) || !/no kites found|key not found/i.test(message)) throw error;
  throw notFound(message, 'See what there is with: kitectl query /USER');
}
