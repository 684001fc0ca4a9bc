import { hostname, networkInterfaces } from 'node:os';
import type { Auth, RemoteKite } from '../../index.js';
import type { DialedPeer } from '../../kite/kite-options.js';
import { exactQuery } from '../../protocol/query.js';
import { withoutBrackets } from '../../util/host.js';
import { remoteIp } from '../../transport/channel/remote-address.js';
import { isLoopbackAddress, isLoopbackHost } from '../../util/loopback.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import type { FoundKey } from './find-key.js';
import { keyRefusal } from './key-recipient.js';
import { withKey } from './with-kontrol.js';

/** How long Kontrol may take to provide a token, in milliseconds. */
const LOOKUP_TIMEOUT = 2000;

/**
 * Returns the credentials for a kite on this machine that requires some: a token, if the kite is registered at a Kontrol that can
 * be reached, and the kite key otherwise.
 *
 * @throws CliError if there is no token and the kite key may not be sent to the peer
 */
export async function authOnDemand(
  peer: DialedPeer,
  found: FoundKey,
  settings: CommandSettings,
  runtime: CommandRuntime,
): Promise<Auth> {
  // The name can resolve to another address than before.
  const stays = isLoopbackAddress(remoteIp(peer.remoteAddress));
  const token = stays ? await findToken(peer, found, settings, runtime) : undefined;
  if (token !== undefined) return { type: 'token', key: token };
  const refused = keyRefusal(peer, 'kite', settings);
  if (refused) throw refused;
  return { type: 'kiteKey', key: found.key.jwt };
}

/** Returns a token for the kite at the peer. Returns undefined if there is none, for whatever reason. */
async function findToken(
  { url }: DialedPeer,
  found: FoundKey,
  settings: CommandSettings,
  runtime: CommandRuntime,
): Promise<string | undefined> {
  const { username } = found.key;
  const limited = settings
    .with(commonSettings.timeout, LOOKUP_TIMEOUT)
    .with(commonSettings.handshakeTimeout, LOOKUP_TIMEOUT);
  try {
    return await withKey(limited, found, 'getting a token', runtime, async ({ kontrol }) => {
      const kites = await kontrol.getKites(exactQuery({ username }));
      return kites.find((kite) => isKiteAt(url, kite))?.token || undefined;
    });
  } catch {
    runtime.signal.throwIfAborted();
    return undefined;
  }
}

/** Whether a kite is registered on this machine with the port and path of a loopback URL. */
function isKiteAt(url: string, remote: Pick<RemoteKite, 'kite' | 'url'>): boolean {
  if (remote.kite.hostname !== hostname() || !URL.canParse(remote.url)) return false;
  const [dialed, registered] = [new URL(url), new URL(remote.url)];
  return (
    portOf(dialed) === portOf(registered) &&
    dialed.pathname === registered.pathname &&
    isThisMachine(registered.hostname)
  );
}

function portOf({ port, protocol }: URL): string {
  return port || (/^(?:https|wss):/.test(protocol) ? '443' : '80');
}

function isThisMachine(host: string): boolean {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return isLoopbackHost(host) || addresses.some(({ address }) => address === withoutBrackets(host));
}
