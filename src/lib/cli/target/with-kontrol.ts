import { type Client, Kite, type KiteOptions } from '../../index.js';
import type { KiteKey } from '../../keys/index.js';
import { LinkedKontrolClient } from '../../kite/kontrol/linked-kontrol-client.js';
import { systemClock } from '../../util/clock.js';
import { silentLogger } from '../../util/logger.js';
import { type Operation, toCliError } from '../frame/failures.js';
import { configurationError } from '../runtime/cli-error.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { clientEnvironment } from '../settings/client-environment.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { Spinner } from '../terminal/spinner.js';
import { loadKiteKey } from './choose-key.js';
import { InputGate } from './input-gate.js';
import { connectAtPath } from './connect-at-path.js';
import { admitKontrol } from './key-recipient.js';
import { readAccess } from './read-access.js';

/** A kite key and its location. */
export interface LocatedKey {
  readonly key: KiteKey;
  /** The location, for messages. */
  readonly source: string;
  /** Whether it is the own key of a Kontrol on this machine. It is then used for that Kontrol, and contexts are ignored. */
  readonly ofKontrol?: boolean;
}

/** A connection to Kontrol as the user. */
export interface KontrolSession {
  /** Connects again if the connection was lost, finds kites, watches them, and gets tokens. */
  readonly kontrol: Pick<LinkedKontrolClient, 'connect' | 'getKites' | 'getToken' | 'watchKites'>;
  /** The connection, for the administration methods of Kontrol. */
  readonly client: Pick<Client, 'call' | 'on'>;
  readonly key: KiteKey;
  /** The URL of Kontrol. */
  readonly url: string;
  /** The kite of this command, to dial others with. */
  readonly kite: Kite;
  /** Shows progress to the user. */
  readonly spinner: Spinner;
  /** Makes Kontrol wait for the reader of the output. */
  readonly gate: InputGate;
}

/**
 * Connects to Kontrol with the active kite key, calls `use`, and closes the connection afterwards and on a signal. If several URLs
 * of Kontrol are set, uses the first that is reachable. `operation` describes what `use` does, for error messages.
 *
 * @throws CliError if there is no kite key, if the URL of Kontrol is unknown, or if `use` rejects
 */
export async function withKontrol<Result>(
  settings: CommandSettings,
  operation: string,
  runtime: CommandRuntime,
  use: (kontrol: KontrolSession) => Promise<Result>,
): Promise<Result> {
  return withKey(settings, await loadKiteKey(settings), operation, runtime, use);
}

/** Like `withKontrol`, but with the given kite key. */
export async function withKey<Result>(
  settings: CommandSettings,
  found: LocatedKey,
  operation: string,
  runtime: CommandRuntime,
  use: (kontrol: KontrolSession) => Promise<Result>,
): Promise<Result> {
  const { signal, version } = runtime;
  const { key } = found;
  const urls = kontrolUrlsOf(settings, found);
  const gate = new InputGate(runtime);
  const options = { ...kiteOptions(settings), kiteKey: key.jwt };
  const kite = new Kite('kitectl', version, options, {
    admitPeer: admitKontrol(settings),
    replaceDialed: (channel) => gate.watch(channel),
  });
  const kontrol = new LinkedKontrolClient({
    urls,
    auth: () => ({ type: 'kiteKey', key: key.jwt }),
    newClient: (url, options) => {
      signal.throwIfAborted();
      return kite.newClient(url, options);
    },
    connectAt: connectAtPath(runtime),
    clock: systemClock,
    // The command reports failures.
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
        throw toCliError(error, { description: '', target: urls.join(' or '), toKontrol: true });
      });
    const { url } = client;
    return await use({ kontrol, client, key, url, kite, spinner, gate }).catch((error: unknown) => {
      throw toCliError(error, operationAt(url, operation));
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', close);
    kontrol.close();
    await kite.close();
  }
}

/** Returns an operation at a Kontrol, for error messages. */
export function operationAt(url: string, operation: string): Operation {
  return { description: `${operation} at ${url}`, target: url, toKontrol: true, withKey: true };
}

/** Returns the options of the kites that a command creates. */
export function kiteOptions(settings: CommandSettings): KiteOptions {
  // By default, a kite of a command logs only warnings, so that its log does not disturb the output.
  const { value: level, source } = settings.resolve(commonSettings.logLevel);
  return {
    env: clientEnvironment(settings.env),
    transport: settings.value(commonSettings.transport),
    timeout: settings.value(commonSettings.timeout),
    handshakeTimeout: settings.value(commonSettings.handshakeTimeout),
    logLevel: source.type === 'default' ? 'warn' : level,
    serverAccess: readAccess(settings),
  };
}

/**
 * Returns the URLs of Kontrol from the settings or the kite key.
 *
 * @throws CliError or ConfigurationError if there is none, or if the setting is invalid
 */
export function kontrolUrlsOf(
  settings: CommandSettings,
  { key, source, ofKontrol = false }: LocatedKey,
): readonly string[] {
  const urls = (ofKontrol ? settings.withoutContext() : settings).value(commonSettings.kontrol, key);
  if (urls.length > 0) return urls;
  throw configurationError(
    `The kite key at ${source} has no URL of Kontrol.`,
    'Set it with --kontrol URL or KITE_KONTROL_URL.',
  );
}
