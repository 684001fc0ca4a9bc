import { LocalChannel } from '../transport/local/local-channel.js';
import { type CallerIdentity, NO_CLAIMS } from './call/caller-identity.js';
import type { ClientOptions } from './call/client.js';
import { Connection } from './call/connection.js';
import type { KiteCore } from './core/kite-core.js';

/** Options of calls within the process. */
export interface LocalOptions extends Pick<ClientOptions, 'auth' | 'timeout' | 'trustRemote'> {
  /** The caller, without a check of credentials: for tests, and for a program that has authenticated it. Default: none. */
  readonly as?: Pick<CallerIdentity, 'username'> & Partial<CallerIdentity>;
}

/** Connects to a kite within the process. The connection passes the same checks as one from the network. */
export function connectLocally(core: KiteCore, options: LocalOptions): Connection {
  const { auth, timeout, trustRemote, as: caller } = options;
  const [near, far] = LocalChannel.pair(core.host.limits);
  const connection = new Connection(core.host, near, {
    role: 'dialed',
    auth: auth ?? null,
    timeout,
    trustRemote: trustRemote ?? core.host.trustRemote,
  });
  core.accept(far, caller && { username: caller.username, claims: caller.claims ?? NO_CLAIMS });
  connection.start();
  return connection;
}
