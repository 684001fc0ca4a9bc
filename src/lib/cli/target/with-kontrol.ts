import { type Client, Kite, type KiteOptions } from '../../index.js';
import type { KiteKey } from '../../keys/index.js';
import { type KiteIdentity, parseIdentity } from '../../protocol/identity.js';
import type { KiteQuery } from '../../protocol/query.js';
import { KiteError } from '../../protocol/errors.js';
import { configurationError } from '../runtime/cli-error.js';
import { dialFirst } from './dial-first.js';
import { contextInUse } from './contexts.js';
import { type Timing, timingOf } from './timing.js';
import { loadKiteKey } from './choose-key.js';
import { type Doing, toCliError } from '../frame/failures.js';
import { Spinner } from '../terminal/spinner.js';
import type { Surroundings } from '../runtime/command-runtime.js';
import type { TransportName } from './transports.js';

export interface KontrolOptions {
  /** Undefined: `KITE_KONTROL_URL`, or what the kite key says. */
  readonly kontrol: readonly string[] | undefined;
  /** File with the kite key; undefined = where the environment or the context says, or the kite home. */
  readonly keyFile: string | undefined;
  /** The name of the context to work in. Undefined: the one in use. */
  readonly context?: string | undefined;
  readonly transport: TransportName | undefined;
  /** Milliseconds for a call, 0 = none. Undefined: what the library takes. */
  readonly timeout: number | undefined;
}

/** A kite that Kontrol knows, with a token to call it; empty where it may be found and not called. */
export interface Found {
  readonly kite: KiteIdentity;
  readonly url: string;
  readonly token: string;
}

/** A connection to Kontrol in the name of the person. */
export interface AtKontrol {
  readonly client: Pick<Client, 'call' | 'on'>;
  readonly key: KiteKey;
  /** Where Kontrol is, for messages. */
  readonly url: string;
  /** The kite of this command line, to dial others with. */
  readonly kite: Kite;
  /** Tells the person what takes long. */
  readonly spinner: Spinner;
}

/**
 * Connects to Kontrol with the person's kite key, uses the connection, and closes it, also when the person interrupts. Of
 * several Kontrols it is the first that can be reached.
 *
 * @throws CliError when there is no kite key, when nothing says where Kontrol is, or for what `use` rejects with
 */
export async function withKontrol<Result>(
  options: KontrolOptions,
  what: string,
  surroundings: Surroundings,
  use: (kontrol: AtKontrol) => Promise<Result>,
): Promise<Result> {
  const { key, source } = await loadKiteKey(options, surroundings.env);
  return withKey({ ...options, key, source }, what, surroundings, use);
}

/** A kite key that was found already. */
export interface KeyAtHand {
  readonly key: KiteKey;
  readonly source: string;
  /** The Kontrol that it belongs to, whatever the context in use says. */
  readonly home?: string | undefined;
}

/** `withKontrol` with a kite key that was found already, at `source`. */
export async function withKey<Result>(
  options: Omit<KontrolOptions, 'keyFile'> & KeyAtHand,
  what: string,
  surroundings: Surroundings,
  use: (kontrol: AtKontrol) => Promise<Result>,
): Promise<Result> {
  const { env, signal, version } = surroundings;
  const { key } = options;
  const kite = new Kite('kitectl', version, {
    ...kiteOptions(timingOf(options, env), env),
    kiteKey: key.jwt,
  });
  const auth = { type: 'kiteKey', key: key.jwt };
  const offers = whereKontrolIs(options, env).map((url) => ({ url, auth }));
  const spinner = new Spinner(surroundings);
  const close = (): void => void kite.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    const { client, url } = await dialFirst(offers, spinner, (offer) => {
      signal.throwIfAborted();
      return kite.newClient(offer.url, { auth: offer.auth });
    });
    return await use({ client, key, url, kite, spinner }).catch((error: unknown) => {
      throw toCliError(error, doingAt(url, what));
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

/** What is done at a Kontrol, for when it fails. */
export function doingAt(url: string, what: string): Doing {
  return { what: `${what} at ${url}`, target: url, withKey: true };
}

/** What the kites of this command line have in common. */
export function kiteOptions({ transport, timeout }: Timing, env: Surroundings['env']): KiteOptions {
  return {
    env,
    ...(transport && { transport }),
    ...(timeout !== undefined && { timeout }),
    // A person sees what a command prints; what its kite logs is for those who ask for it.
    ...(!env['KITE_LOG_LEVEL'] && { logLevel: 'warn' as const }),
  };
}

/** The kites that Kontrol finds. `watch` is handed over to be called for each change, where there is one. */
export async function getKites(
  { client, url, spinner }: Pick<AtKontrol, 'client' | 'url' | 'spinner'>,
  query: KiteQuery,
  watch?: (...change: unknown[]) => void,
): Promise<readonly Found[]> {
  const asked = { query, ...(watch && { watchCallback: watch }) };
  const answer: unknown = await spinner.during(`Looking for kites at ${url}`, () =>
    client.call<unknown, string>('getKites', [asked]),
  );
  const { kites } = (answer ?? {}) as { readonly kites?: unknown };
  if (!Array.isArray(kites)) throw new KiteError('invalidResponse', `${url} did not answer with kites`);
  return kites.map(readFound);
}

/** A kite as Kontrol sends it, every field a text. */
export function readFound(value: unknown): Found {
  const { kite, url, token } = (value ?? {}) as Readonly<Record<keyof Found, unknown>>;
  return {
    kite: parseIdentity(kite),
    url: typeof url === 'string' ? url : '',
    token: typeof token === 'string' ? token : '',
  };
}

/**
 * The URLs of Kontrol: what the person says, the environment, or the kite key.
 *
 * @throws CliError where nothing says it
 */
export function whereKontrolIs(
  options: Pick<KontrolOptions, 'kontrol' | 'context'> & KeyAtHand,
  env: Surroundings['env'],
): readonly string[] {
  const { kontrol, key, source, context, home } = options;
  const inContext = home || contextInUse(context, env)?.context.kontrol;
  const urls = kontrol ?? (env['KITE_KONTROL_URL'] || inContext || key.kontrolUrl).split(',');
  const given = urls.map((url) => url.trim()).filter((url) => url !== '');
  if (given.length > 0) return given;
  throw configurationError(
    `The kite key at ${source} does not say where Kontrol is.`,
    'Say it with --kontrol URL or KITE_KONTROL_URL.',
  );
}
