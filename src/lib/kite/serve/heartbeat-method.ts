import { KiteError } from '../../protocol/errors.js';
import type { Clock, Timer } from '../../util/clock.js';
import { Connection } from '../call/connection.js';
import type { HandleOptions, MethodHost } from './method-host.js';
import type { RemoteFunction } from '../call/method-types.js';
import type { Request } from './request.js';
import { MAX_HEARTBEAT, MIN_HEARTBEAT } from '../limits/kite-limits.js';

/**
 * Whose heartbeats a kite answers: those of the Kontrol that it registered at, on that connection, or of `anyone` who is
 * authenticated, as kites in Go do.
 */
export type HeartbeatCallers = 'kontrol' | 'anyone';

/** `kite.heartbeat`, by which Kontrol learns that a kite that registered is still there. */
export function addHeartbeatMethod(
  kite: MethodHost,
  clock: Clock,
  heartbeatFrom: HeartbeatCallers = 'kontrol',
): void {
  const heartbeats = new WeakMap<Request['client'], () => void>();
  const told: HandleOptions<unknown[]> = { description: 'Calls a function every so many seconds.' };
  kite.handle('kite.heartbeat', told, ({ args: [interval, ping], client }) => {
    const trusted = client instanceof Connection && client.trusts('kite.heartbeat');
    if (heartbeatFrom === 'kontrol' && !trusted) {
      throw new KiteError(
        'authenticationError',
        'kite.heartbeat is answered only to the Kontrol at which this kite registered; its program can set heartbeatFrom',
      );
    }
    if (typeof interval !== 'number' || !Number.isFinite(interval)) {
      throw new KiteError(
        'argumentError',
        'kite.heartbeat takes the interval in seconds, a number, as its first argument',
      );
    }
    if (typeof ping !== 'function') {
      throw new KiteError(
        'argumentError',
        'kite.heartbeat takes the function to call as its second argument',
      );
    }
    const seconds = Math.min(Math.max(interval, MIN_HEARTBEAT), MAX_HEARTBEAT);
    // A peer has one heartbeat: asking again changes it, and nobody else's.
    heartbeats.get(client)?.();
    heartbeats.set(client, startHeartbeat(client, ping as RemoteFunction, seconds * 1000, clock));
    return null;
  });
}

/** Calls `ping` at once and then every `ms`, until the peer is gone. Returns what stops it. */
function startHeartbeat(
  client: Request['client'],
  ping: RemoteFunction,
  ms: number,
  clock: Clock,
): () => void {
  let timer: Timer | undefined;
  const beat = (): void => {
    ping();
    timer = clock.setTimeout(beat, ms);
  };
  const off = client.on('disconnect', () => timer?.cancel());
  beat();
  return () => {
    off();
    timer?.cancel();
  };
}
