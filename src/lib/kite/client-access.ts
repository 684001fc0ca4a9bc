import { ConfigurationError } from '../protocol/errors.js';
import { accessProblem } from '../transport/handshake/access-problem.js';
import { type Outgoing, outgoing } from '../transport/handshake/outgoing.js';
import { ACCESS_OPTIONS, accessOf, type ServerAccess } from '../transport/handshake/server-access.js';
import { CACHED_ACCESS } from './limits/kite-limits.js';

/** @throws ConfigurationError that identifies an option that cannot be used */
export function requireAccess(access: ServerAccess): void {
  if (typeof access !== 'object' || access === null)
    throw new ConfigurationError('badValue', 'The option serverAccess is not an object');
  const problem = accessProblem(access);
  if (problem) throw new ConfigurationError('badValue', `The option ${problem.option} ${problem.reason}`);
}

/** The certificates and headers of the clients of a kite: those of the kite, unless the options of a client replace them. */
export class ClientAccess {
  readonly #ofKite: ServerAccess;
  /** For all clients without options of their own. */
  readonly shared: Outgoing;
  /** By their options, because parsing the certificates of all authorities takes ten milliseconds. */
  readonly #made = new Map<string, Outgoing>();

  /** @throws ConfigurationError if an option cannot be used */
  constructor(ofKite: ServerAccess = {}) {
    requireAccess(ofKite);
    this.#ofKite = ofKite;
    this.shared = outgoing(ofKite);
  }

  /**
   * Returns the options of the connections of a client.
   *
   * @throws ConfigurationError if an option of the client cannot be used
   */
  for(client: ServerAccess | undefined): Outgoing {
    if (!client || !ACCESS_OPTIONS.some((name) => client[name] !== undefined)) return this.shared;
    const key = JSON.stringify(accessOf(client));
    let made = this.#made.get(key);
    if (!made) {
      requireAccess(client);
      if (this.#made.size >= CACHED_ACCESS) this.#made.clear();
      made = outgoing({ ...this.#ofKite, ...accessOf(client) });
      this.#made.set(key, made);
    }
    return made;
  }
}
