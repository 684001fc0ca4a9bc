import { KiteError } from '../../index.js';
import type { KiteKey } from '../../keys/index.js';
import { kitePath } from '../../protocol/identity.js';
import { makeVisible } from '../../util/visible.js';
import { notFound } from '../cli-error.js';
import type { TransportName } from '../transports.js';
import { loadKiteKey } from '../credentials.js';
import { toCliError } from '../failures.js';
import { toJson } from '../json.js';
import { doingAt } from '../kontrol-client.js';
import { loggerFor, untilAborted } from '../server.js';
import type { Surroundings } from '../surroundings.js';
import { ExposedKite, type LocalKite, type SessionEvents } from './exposed-kite.js';
import { findLocalKite } from './local-kite.js';

export interface ExposeOptions {
  /** Of the kite that is to be reached by others. */
  readonly url: string;
  readonly name: string;
  readonly environment: string;
  readonly region: string | undefined;
  readonly version: string;
  readonly transport: TransportName | undefined;
  /** URL of the tunnel proxy. Undefined: `KITE_PROXY_URL`, or one that Kontrol knows. */
  readonly to: string | undefined;
  readonly tunnelOrigins: readonly string[];
  readonly kontrol: readonly string[] | undefined;
  readonly keyFile: string | undefined;
  readonly json: boolean;
}

/** Milliseconds that sessions have for their goodbye. */
const GOODBYE = 1000;

/**
 * Puts a kite behind a tunnel proxy without changing it: registers its name at Kontrol under the proxy's public URL, and
 * passes on to it what comes through the tunnels, until the person or the system ends it.
 *
 * With `json` it prints a line for each thing that happens: `{"event":"registered","kite","url","local"}`, again when the
 * URL has changed, `{"event":"opened"|"closed","session","sessions"}`, `{"event":"failed","session","error"}`.
 *
 * @throws CliError when the kite, Kontrol or a proxy cannot be reached at the start. Later it waits for them to come back.
 */
export async function expose(options: ExposeOptions, surroundings: Surroundings): Promise<void> {
  const { signal, stderr } = surroundings;
  const { key, source } = await loadKiteKey(options, surroundings.env);
  const local = await findLocalKite(options.url, options.transport);
  const kite = makeKite(options, { key, local }, surroundings);
  const close = (): void => void kite.close({ drainTimeout: GOODBYE });
  signal.addEventListener('abort', close, { once: true });
  try {
    await demandProxy(kite, options, { key, source });
    signal.throwIfAborted();
    surroundings.endByItself();
    kite.on('register', announcer(kite, local, options, surroundings));
    kite
      .registerToTunnel({
        tunnelOrigins: options.tunnelOrigins,
        ...(options.to !== undefined && { proxyUrl: options.to }),
      })
      // It is rejected only when the person ends the command first.
      .catch(() => undefined);
    await untilAborted(signal);
    stderr.write(`${options.name} is not exposed any more.\n`);
  } finally {
    signal.removeEventListener('abort', close);
    await kite.close({ drainTimeout: GOODBYE });
  }
}

function makeKite(
  options: ExposeOptions,
  { key, local }: { readonly key: KiteKey; readonly local: LocalKite },
  surroundings: Surroundings,
): ExposedKite {
  const { name, version, environment, region, kontrol } = options;
  const logger = loggerFor(surroundings);
  return new ExposedKite(name, version, {
    local,
    events: options.json ? reporter(surroundings) : silent(logger.warn.bind(logger)),
    logger,
    env: surroundings.env,
    kiteKey: key.jwt,
    username: key.username,
    environment,
    ...(region !== undefined && { region }),
    // Otherwise KITE_VERSION would come first.
    version,
    ...(kontrol && { kontrolUrl: kontrol }),
  });
}

/**
 * Sees that there is a proxy to register with, so that the person learns at once what is wrong.
 *
 * @throws CliError
 */
async function demandProxy(
  kite: ExposedKite,
  { to, environment }: ExposeOptions,
  { key, source }: { readonly key: KiteKey; readonly source: string },
): Promise<void> {
  const named = to ?? kite.config.proxyUrls[0];
  const [kontrol = ''] = kite.config.kontrolUrls;
  try {
    if (kontrol === '')
      throw new KiteError('disconnect', `The kite key at ${source} does not say where Kontrol is`);
    // Whoever may not ask may not register either.
    const find = (wanted: string) =>
      kite.getKites({ username: key.kontrolUser, environment: wanted, name: 'tunnelproxy' });
    const found = (await find(environment)).length > 0 || (await find('unknown')).length > 0;
    if (found || named !== undefined) {
      if (named !== undefined) await demandRegistration(kite, named, key);
      return;
    }
  } catch (error) {
    throw toCliError(error, doingAt(kontrol, 'looking for a tunnel proxy'));
  }
  throw notFound(
    `Kontrol at ${kontrol} knows of no tunnel proxy for the environment ${environment}.`,
    'Start one with: kitectl proxy start --tunnel. Or name one with --to URL.',
  );
}

/** Registers once and for a moment with a proxy that was named. */
async function demandRegistration(kite: ExposedKite, url: string, key: KiteKey): Promise<void> {
  const client = kite.newClient(url, { auth: { type: 'kiteKey', key: key.jwt } });
  try {
    await client.dial();
    await client.tell('register', '');
  } catch (error) {
    throw toCliError(error, doingAt(url, 'registering'));
  } finally {
    client.close();
  }
}

/** Says where the kite is reached, whenever that has changed. */
function announcer(
  kite: ExposedKite,
  local: LocalKite,
  { json }: ExposeOptions,
  { stdout, stderr }: Surroundings,
): (url: string) => void {
  let last = '';
  return (url) => {
    if (url === last) return;
    last = url;
    const path = kitePath(kite.identity);
    if (json) stdout.write(`${toJson({ event: 'registered', kite: path, url, local: local.url })}\n`);
    else stderr.write(`${local.url} is reached as ${makeVisible(path)} at ${makeVisible(url)}\n`);
  };
}

function reporter({ stdout }: Surroundings): SessionEvents {
  const print = (event: object): void => void stdout.write(`${toJson(event)}\n`);
  return {
    opened: (session, sessions) => print({ event: 'opened', session, sessions }),
    closed: (session, sessions) => print({ event: 'closed', session, sessions }),
    failed: (session, error) => print({ event: 'failed', session, error: messageOf(error) }),
  };
}

function silent(warn: (line: string) => void): SessionEvents {
  return {
    opened: () => undefined,
    closed: () => undefined,
    failed: (_session, error) => warn(messageOf(error)),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
