import { hasCode, KiteError } from '../../protocol/errors.js';
import type { Clock, Timer } from '../../util/clock.js';
import { Connection } from '../call/connection.js';
import type { HandleOptions, MethodHost } from './method-host.js';
import type { RemoteFunction } from '../call/remote-function.js';
import type { Request } from './request.js';
import { heartbeatInterval } from '../limits/heartbeat-interval.js';

/**
 * Who may request heartbeats from a kite: the Kontrol with which it registered, on that connection, or `anyone` who is
 * authenticated, as with kites in Go.
 */
export type HeartbeatCallers = 'kontrol' | 'anyone';

/** Adds `kite.heartbeat`, with which Kontrol checks that a registered kite is alive. */
export function addHeartbeatMethod(
  kite: MethodHost,
  clock: Clock,
  heartbeatFrom: HeartbeatCallers = 'kontrol',
): void {
  const heartbeats = new WeakMap<Request['client'], () => void>();
  const options: HandleOptions = { description: 'Calls a function at an interval in seconds.' };
  kite.handle('kite.heartbeat', options, ({ args: [interval, ping], client }) => {
    const trusted = client instanceof Connection && client.trusts('kite.heartbeat');
    if (heartbeatFrom === 'kontrol' && !trusted) {
      throw new KiteError(
        'authenticationError',
        'Only the Kontrol with which this kite registered may call kite.heartbeat; its program can set heartbeatFrom',
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
    const seconds = heartbeatInterval(interval);
    // Each peer has one heartbeat. Another call replaces it.
    heartbeats.get(client)?.();
    heartbeats.set(client, startHeartbeat(client, ping as RemoteFunction, seconds * 1000, clock));
    return null;
  });
}

/** Calls `ping` now and at each interval until the peer disconnects or has ended it. Returns a function that stops it. */
function startHeartbeat(
  client: Request['client'],
  ping: RemoteFunction,
  ms: number,
  clock: Clock,
): () => void {
  let timer: Timer | undefined;
  let stopped = false;
  const stop = (): void => {
    stopped = true;
    off();
    timer?.cancel();
  };
  const beat = (): void => {
    if (stopped) return;
    timer = clock.setTimeout(beat, ms);
    // The peer ends its heartbeat when it deregisters the kite or requests another one: a beat can be on its way then.
    ping().then(undefined, (error: unknown) => {
      if (hasCode(error, 'callbackEnded')) stop();
    });
  };
  const off = client.on('disconnect', stop);
  beat();
  return stop;
}
