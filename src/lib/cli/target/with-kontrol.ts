import { type Client, Kite, type KiteOptions } from '../../index.js';
import type { KiteKey } from '../../keys/index.js';
import { KontrolClient } from '../../kite/kontrol/kontrol-client.js';
import { systemClock } from '../../util/clock.js';
import { silentLogger } from '../../util/logger.js';
import { type Operation, toCliError } from '../frame/failures.js';
import { configurationError } from '../runtime/cli-error.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { Spinner } from '../terminal/spinner.js';
import { loadKiteKey } from './choose-key.js';

/** A kite key that was found, and what goes with it. */
export interface LocatedKey {
  readonly key: KiteKey;
  /** Where it was found, for people. */
  readonly source: string;
  /** Whether a Kontrol on this machine made it for itself. Then it is for that Kontrol, whatever the active context says. */
  readonly ofKontrol?: boolean;
}

/** A connection to Kontrol in the name of the person. */
export interface KontrolSession {
  /** Finds kites, watches them, and gets tokens. */
  readonly kontrol: Pick<KontrolClient, 'getKites' | 'getToken' | 'watchKites'>;
  /** The connection, for the methods that Kontrol has for its own user. */
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
  settings: CommandSettings,
  what: string,
  runtime: CommandRuntime,
  use: (kontrol: KontrolSession) => Promise<Result>,
): Promise<Result> {
  return withKey(settings, await loadKiteKey(settings), what, runtime, use);
}

/** `withKontrol` with a kite key that was found already. */
export async function withKey<Result>(
  settings: CommandSettings,
  found: LocatedKey,
  what: string,
  runtime: CommandRuntime,
  use: (kontrol: KontrolSession) => Promise<Result>,
): Promise<Result> {
  const { signal, version } = runtime;
  const { key } = found;
  const urls = kontrolUrlsOf(settings, found);
  const kite = new Kite('kitectl', version, { ...kiteOptions(settings), kiteKey: key.jwt });
  const kontrol = new KontrolClient({
    urls,
    auth: () => ({ type: 'kiteKey', key: key.jwt }),
    newClient: (url, options) => {
      signal.throwIfAborted();
      return kite.newClient(url, options);
    },
    clock: systemClock,
    // What fails is reported by the command.
    logger: silentLogger,
  });
  const spinner = new Spinner(runtime);
  const close = (): void => {
    kontrol.close();
    void kite.close();
  };
  signal.addEventListener('abort', close, { once: true });
  try {
    const client = await spinner
      .during(`Connecting to ${urls.join(' or ')}`, () => kontrol.connect())
      .catch((error: unknown) => {
        throw toCliError(error, { description: '', target: urls.join(' or ') });
      });
    const { url } = client;
    return await use({ kontrol, client, key, url, kite, spinner }).catch((error: unknown) => {
      throw toCliError(error, operationAt(url, what));
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
export function operationAt(url: string, what: string): Operation {
  return { description: `${what} at ${url}`, target: url, withKey: true };
}

/** What the kites of this command line have in common. */
export function kiteOptions(settings: CommandSettings): KiteOptions {
  // A person sees what a command prints; what its kite logs is for those who ask for it.
  const { value: level, source } = settings.resolve(commonSettings.logLevel);
  return {
    env: settings.env,
    transport: settings.value(commonSettings.transport),
    timeout: settings.value(commonSettings.timeout),
    logLevel: source.type === 'default' ? 'warn' : level,
  };
}

/**
 * The URLs of Kontrol: what the settings say, or the kite key.
 *
 * @throws CliError or ConfigurationError where nothing says it, or what does is not accepted
 */
export function kontrolUrlsOf(
  settings: CommandSettings,
  { key, source, ofKontrol = false }: LocatedKey,
): readonly string[] {
  const urls = (ofKontrol ? settings.withoutContext() : settings).value(commonSettings.kontrol, key);
  if (urls.length > 0) return urls;
  throw configurationError(
    `The kite key at ${source} does not say where Kontrol is.`,
    'Say it with --kontrol URL or KITE_KONTROL_URL.',
  );
}
