import type { Kite } from '../../index.js';
import type { KiteKey } from '../../keys/index.js';
import { kitePath } from '../../protocol/identity.js';
import { notFound } from '../runtime/cli-error.js';
import type { Transport } from '../../index.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { loadKiteKey } from '../target/choose-key.js';
import { toCliError } from '../frame/failures.js';
import type { FoundKey } from '../target/find-key.js';
import { renewedKeySaver } from '../target/save-renewed-key.js';
import { operationAt, type LocatedKey, kontrolUrlsOf } from '../target/with-kontrol.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { loggerFor, waitForAbort } from '../frame/server-lifecycle.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { type ExposeEvents, openEvents } from './expose-events.js';
import { ExposedKite, type LocalKite } from './exposed-kite.js';
import { identityOf, incompatibleFields } from './identity.js';
import { findLocalKite } from './local-kite.js';

export interface ExposeOptions {
  /** Of the kite that is to be reached by others. */
  readonly url: string;
  readonly name: string;
  /** Undefined: that which the kite tells of itself, or `prod`. */
  readonly environment: string | undefined;
  readonly region: string;
  readonly version: string;
  readonly transport: Transport | undefined;
  /** URLs of tunnel proxies. None: one that Kontrol knows. */
  readonly to: readonly string[];
  readonly tunnelOrigins: readonly string[];
  /** Where Kontrol is, and with which kite key to register there. */
  readonly settings: CommandSettings;
  /** How to print what happens. Undefined: where the kite is reached, on stderr. */
  readonly format: OutputFormat | undefined;
}

/** Milliseconds that sessions have for their goodbye. */
const GOODBYE = 1000;

/**
 * Puts a kite behind a tunnel proxy without changing it: registers its name at Kontrol under the proxy's public URL, and
 * passes on to it what comes through the tunnels, until the person or the system ends it.
 *
 * With a format it prints a line for each thing that happens, in JSON `{"event":"registered","kite","url","local"}`, again
 * when the URL has changed, `{"event":"opened"|"closed","session","sessions"}`, `{"event":"failed","session","error"}`.
 *
 * @throws CliError when the kite, Kontrol or a proxy cannot be reached at the start. Later it waits for them to come back.
 */
export async function expose(options: ExposeOptions, runtime: CommandRuntime): Promise<void> {
  const { signal, stderr } = runtime;
  const found = await loadKiteKey(options.settings);
  const local = await findLocalKite(options.url, options.transport);
  const identity = await identityOf(local, found.key.jwt);
  const environment = options.environment ?? identity?.environment ?? 'prod';
  const as = { name: options.name, environment, username: found.key.username };
  for (const line of identity ? incompatibleFields(identity, as) : []) stderr.write(`${line}\n`);
  const events = await openEvents(options, runtime);
  const kite = makeKite({ ...options, environment }, { found, local, events }, runtime);
  const close = (): void => void kite.close({ drainTimeout: GOODBYE });
  signal.addEventListener('abort', close, { once: true });
  try {
    await requireProxy(kite, { ...options, environment }, found);
    signal.throwIfAborted();
    runtime.deferExit();
    kite.on('register', announcer(kite, local, events));
    kite
      .registerToTunnel({
        tunnelOrigins: options.tunnelOrigins,
      })
      // It is rejected only when the person ends the command first.
      .catch(() => undefined);
    await waitForAbort(signal);
    stderr.write(`${options.name} is not exposed any more.\n`);
  } finally {
    signal.removeEventListener('abort', close);
    await kite.close({ drainTimeout: GOODBYE });
  }
}

/** The options, once the environment is known. */
type Decided = ExposeOptions & { readonly environment: string };

function makeKite(
  options: Decided,
  {
    found,
    local,
    events,
  }: { readonly found: FoundKey; readonly local: LocalKite; readonly events: ExposeEvents },
  runtime: CommandRuntime,
): Kite {
  const { name, version, environment, region, to, settings } = options;
  const { env } = runtime;
  const { kite } = new ExposedKite(name, version, {
    local,
    events,
    logger: loggerFor(runtime),
    env,
    kiteKey: found.key.jwt,
    saveKiteKey: renewedKeySaver(found, env),
    username: found.key.username,
    environment,
    region,
    proxyUrl: to.length > 0 ? to : undefined,
    // Otherwise KITE_VERSION would come first.
    version,
    kontrolUrl: kontrolUrlsOf(settings, found),
  });
  return kite;
}

/**
 * Sees that there is a proxy to register with, so that the person learns at once what is wrong.
 *
 * @throws CliError
 */
async function requireProxy(kite: Kite, { to, environment }: Decided, { key }: LocatedKey): Promise<void> {
  const [named] = to;
  const [kontrol = ''] = kite.config.kontrolUrls;
  try {
    // Whoever may not ask may not register either.
    const find = (wanted: string) =>
      kite.getKites({ username: key.kontrolUser, environment: wanted, name: 'tunnelproxy' });
    const found = (await find(environment)).length > 0 || (await find('unknown')).length > 0;
    if (found || named !== undefined) {
      if (named !== undefined) await requireRegistration(kite, named, key);
      return;
    }
  } catch (error) {
    throw toCliError(error, operationAt(kontrol, 'looking for a tunnel proxy'));
  }
  throw notFound(
    `Kontrol at ${kontrol} knows of no tunnel proxy for the environment ${environment}.`,
    'Start one with: kitectl proxy start --tunnel. Or name one with --to URL.',
  );
}

/** Registers once and for a moment with a proxy that was named. */
async function requireRegistration(kite: Kite, url: string, key: KiteKey): Promise<void> {
  const client = kite.newClient(url, { auth: { type: 'kiteKey', key: key.jwt } });
  try {
    await client.dial();
    await client.tell('register', '');
  } catch (error) {
    throw toCliError(error, operationAt(url, 'registering'));
  } finally {
    client.close();
  }
}

/** Says where the kite is reached, whenever that has changed. */
function announcer(kite: Kite, local: LocalKite, events: ExposeEvents): (url: string) => void {
  let last = '';
  return (url) => {
    if (url === last) return;
    last = url;
    events.registered({ kite: kitePath(kite.identity), url, local: local.url });
  };
}
