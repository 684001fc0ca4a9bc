import { proxyFinder } from '../../kite/config/find-proxy.js';
import type { Kite } from '../../index.js';
import type { ConnectAt } from '../../kite/call/kite-path.js';
import type { KiteKey } from '../../keys/index.js';
import { kitePath } from '../../protocol/identity.js';
import { exactQuery } from '../../protocol/query.js';
import { outgoing } from '../../transport/handshake/outgoing.js';
import type { FindProxy } from '../../transport/handshake/forward-proxy.js';
import type { ServerAccess } from '../../transport/handshake/server-access.js';
import { notFound } from '../runtime/cli-error.js';
import type { Transport } from '../../index.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { loadKiteKey } from '../target/choose-key.js';
import { connectAtPath } from '../target/connect-at-path.js';
import { admitKontrol } from '../target/key-recipient.js';
import { toCliError } from '../frame/failures.js';
import type { FoundKey } from '../target/find-key.js';
import { readAccess } from '../target/read-access.js';
import { renewedKeySaver } from '../target/save-renewed-key.js';
import { operationAt, type LocatedKey, kontrolUrlsOf } from '../target/with-kontrol.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { handleServerSignals, loggerFor, waitForAbort } from '../frame/server-lifecycle.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import type { StderrLogger } from '../../util/stderr-logger.js';
import { type ExposeEvents, openEvents } from './expose-events.js';
import { ExposedKite, type LocalKite } from './exposed-kite.js';
import { fetchIdentity, incompatibleFields } from './exposed-identity.js';
import { findLocalKite } from './local-kite.js';

export interface ExposeOptions {
  /** URL of the kite to expose. */
  readonly url: string;
  readonly name: string;
  /** Default: the environment that the kite reports, or `prod`. */
  readonly environment: string | undefined;
  readonly region: string;
  readonly version: string;
  readonly transport: Transport | undefined;
  /** URLs of tunnel proxies. If empty, Kontrol is queried for one. */
  readonly to: readonly string[];
  readonly tunnelOrigins: readonly string[];
  /** Contains the URL of Kontrol and the kite key to register with. */
  readonly settings: CommandSettings;
  /** Format of events on stdout. If undefined, the public URL is printed on stderr. */
  readonly format: OutputFormat | undefined;
}

/** How long open sessions may take to close, in milliseconds. */
const CLOSE_TIMEOUT = 1000;

/**
 * Exposes a kite through a tunnel proxy without changing the kite: registers its name at Kontrol with the proxy's public
 * URL, and relays the tunnels to it until `signal` fires.
 *
 * With a format, prints one line per event. In JSON these are `{"event":"registered","kite","url","local"}`, at the start
 * and when the URL changes, `{"event":"opened"|"closed","session","sessions"}` and `{"event":"failed","session","error"}`.
 *
 * @throws CliError if the kite, Kontrol or a proxy cannot be reached at the start. Later failures are retried.
 */
export async function expose(options: ExposeOptions, runtime: CommandRuntime): Promise<void> {
  const { signal, stderr } = runtime;
  const found = await loadKiteKey(options.settings);
  const serverAccess = readAccess(options.settings);
  const findProxy = proxyFinder(runtime.env);
  const local = await findLocalKite(options.url, options.transport, { ...outgoing(serverAccess), findProxy });
  const identity = await fetchIdentity(local, found.key.jwt, { settings: options.settings, serverAccess });
  const environment = options.environment ?? identity?.environment ?? 'prod';
  const as = { name: options.name, environment, username: found.key.username };
  for (const line of identity ? incompatibleFields(identity, as) : []) stderr.write(`${line}\n`);
  const logger = loggerFor(runtime);
  const events = await openEvents(options, logger, runtime);
  const connectAt = connectAtPath(runtime);
  const parts = { found, local, events, logger, connectAt, serverAccess, findProxy };
  const kite = createKite({ ...options, environment }, parts, runtime);
  const close = (): void => void kite.close({ drainTimeout: CLOSE_TIMEOUT });
  signal.addEventListener('abort', close, { once: true });
  try {
    await requireProxy(kite, { ...options, environment }, found, connectAt);
    signal.throwIfAborted();
    runtime.deferExit();
    handleServerSignals([], logger, runtime);
    kite.on('register', newUrlReporter(kite, local, events));
    kite
      .registerToTunnel({
        tunnelOrigins: options.tunnelOrigins,
      })
      // Rejects only if the command ends before the first registration.
      .catch(() => undefined);
    await waitForAbort(signal);
    stderr.write(`Stopped exposing ${options.name}.\n`);
  } finally {
    signal.removeEventListener('abort', close);
    await kite.close({ drainTimeout: CLOSE_TIMEOUT });
  }
}

/** The options with the environment resolved. */
type ResolvedExposeOptions = ExposeOptions & { readonly environment: string };

/** What the start of the command has found or made for the kite. */
interface ExposedKiteParts {
  readonly found: FoundKey;
  readonly local: LocalKite;
  readonly events: ExposeEvents;
  readonly logger: StderrLogger;
  readonly connectAt: ConnectAt;
  readonly serverAccess: ServerAccess;
  readonly findProxy: FindProxy;
}

function createKite(
  options: ResolvedExposeOptions,
  { found, ...parts }: ExposedKiteParts,
  { env }: CommandRuntime,
): Kite {
  const { name, version, environment, region, to, settings } = options;
  const { kite } = new ExposedKite(name, version, {
    ...parts,
    admitPeer: admitKontrol(settings),
    env,
    kiteKey: found.key.jwt,
    saveKiteKey: renewedKeySaver(found, env),
    username: found.key.username,
    environment,
    region,
    proxyUrl: to.length > 0 ? to : undefined,
    // Otherwise KITE_VERSION would take precedence.
    version,
    kontrolUrl: kontrolUrlsOf(settings, found),
  });
  return kite;
}

/**
 * Checks that there is a tunnel proxy to register with, so that a failure is reported at once instead of being retried.
 *
 * @throws CliError if there is none, or if it cannot be reached
 */
async function requireProxy(
  kite: Kite,
  { to, environment }: ResolvedExposeOptions,
  { key }: LocatedKey,
  connectAt: ConnectAt,
): Promise<void> {
  const [proxyUrl] = to;
  const [kontrol = ''] = kite.config.kontrolUrls;
  try {
    // Querying needs the same permission as registering.
    const find = (proxyEnvironment: string) =>
      kite.getKites(
        exactQuery({ username: key.kontrolUser, environment: proxyEnvironment, name: 'tunnelproxy' }),
      );
    const found = (await find(environment)).length > 0 || (await find('unknown')).length > 0;
    if (proxyUrl !== undefined) {
      return await connectAt(proxyUrl, (url) => requireRegistration(kite, url, key)).catch(
        (error: unknown) => {
          throw toCliError(error, operationAt(proxyUrl, 'registering'));
        },
      );
    }
    if (found) return;
  } catch (error) {
    throw toCliError(error, operationAt(kontrol, 'looking for a tunnel proxy'));
  }
  throw notFound(
    `Kontrol at ${kontrol} has no tunnel proxy for the environment ${environment}.`,
    'Start one with: kitectl proxy start --tunnel. Or pass the URL of one with --to URL.',
  );
}

/** Registers with a proxy and closes the connection, to check that the proxy accepts the kite key. */
async function requireRegistration(kite: Kite, url: string, key: KiteKey): Promise<void> {
  const client = kite.newClient(url, { auth: { type: 'kiteKey', key: key.jwt } });
  try {
    await client.dial();
    await client.tell('register', '');
  } finally {
    client.close();
  }
}

/** Returns a listener that reports each new URL once. */
function newUrlReporter(kite: Kite, local: LocalKite, events: ExposeEvents): (url: string) => void {
  let last = '';
  return (url) => {
    if (url === last) return;
    last = url;
    events.registered({ kite: kitePath(kite.identity), url, local: local.url });
  };
}
