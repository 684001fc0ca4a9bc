import { LocalChannel } from '../transport/local/local-channel.js';
import { record } from '../util/record.js';
import { type CallerIdentity, NO_CLAIMS } from './call/caller-identity.js';
import type { ClientOptions } from './call/client.js';
import { requireClient } from './client-check.js';
import { Connection } from './call/connection.js';
import type { KiteCore } from './core/kite-core.js';

/** Options of calls within the process. */
export interface LocalOptions extends Pick<ClientOptions, 'auth' | 'timeout' | 'trustRemote'> {
  /** The caller, without a check of credentials: for tests, and for a program that has authenticated it. Default: none. */
  readonly as?: Pick<CallerIdentity, 'username'> & Partial<CallerIdentity>;
}

/** @throws TypeError if it is not a caller: one without a name must not pass for one that was authenticated */
function readCaller(caller: unknown): CallerIdentity {
  const { username, claims = NO_CLAIMS } = record(caller);
  if (typeof username === 'string' && username !== '' && typeof claims === 'object' && claims !== null)
    return { username, claims: claims as CallerIdentity['claims'] };
  throw new TypeError('The option as is not an object with a username, and claims that are an object');
}

/** Connects to a kite within the process. The connection passes the same checks as one from the network. */
export function connectLocally(core: KiteCore, options: LocalOptions): Connection {
  const { as: caller, ...clientOptions } = options;
  requireClient('local:', clientOptions);
  const { auth, timeout, trustRemote } = clientOptions;
  const identity = caller === undefined ? undefined : readCaller(caller);
  const [near, far] = LocalChannel.pair(core.host.limits);
  const connection = new Connection(core.host, near, {
    role: 'dialed',
    auth: auth ?? null,
    timeout,
    trustRemote: trustRemote ?? core.host.trustRemote,
  });
  core.accept(far, identity);
  connection.start();
  return connection;
}
