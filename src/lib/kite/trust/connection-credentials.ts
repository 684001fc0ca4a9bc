import { KiteError } from '../../protocol/errors.js';
import type { ConnectionCredential } from '../call/connection-credential.js';
import { type RunningCalls, whenIdle } from '../call/when-idle.js';
import { CONNECTION_CREDENTIALS } from '../limits/kite-limits.js';

/** A connection, which stores the credential of its last call. */
export interface CredentialHolder {
  readonly role: 'accepted' | 'dialed';
  credential: ConnectionCredential | undefined;
  readonly flow: RunningCalls;
  on(event: 'disconnect', listener: () => void): unknown;
  close(code?: number, reason?: string): void;
}

/** Records which credentials have authenticated the calls of a connection, and ends the connections of revoked ones. */
export class ConnectionCredentials {
  /** The credentials of connections that have used several, by revocation key. */
  readonly #several = new WeakMap<CredentialHolder, Map<string, ConnectionCredential>>();
  /** The connections that this kite has dialed, and on which the peer has authenticated its own calls. */
  readonly #dialed = new Set<CredentialHolder>();

  /**
   * Records a credential that is not the last one of the connection.
   *
   * @throws KiteError `authenticationError` if the connection has used too many
   */
  add(connection: CredentialHolder, credential: ConnectionCredential): void {
    const previous = connection.credential;
    if (previous && previous.revocationKey !== credential.revocationKey) {
      const used = this.#several.get(connection) ?? new Map([[previous.revocationKey, previous]]);
      if (used.size >= CONNECTION_CREDENTIALS && !used.has(credential.revocationKey)) throw tooManyError();
      this.#several.set(connection, used.set(credential.revocationKey, credential));
    }
    connection.credential = credential;
    if (connection.role === 'dialed' && !this.#dialed.has(connection)) {
      this.#dialed.add(connection);
      connection.on('disconnect', () => this.#dialed.delete(connection));
    }
  }

  /**
   * Closes the connections that have used a credential which is revoked now, and those that this kite has dialed. `accepted`:
   * the connections that peers have opened. `last`: connections that may finish their running calls.
   */
  endRevoked(accepted: Iterable<CredentialHolder>, last?: ReadonlySet<unknown>): void {
    const connections = [...accepted, ...this.#dialed];
    const ended = connections.filter((connection) => this.#usesRevoked(connection));
    for (const connection of ended) {
      const close = (): void => connection.close(1008, 'The credentials were revoked');
      if (last?.has(connection)) void whenIdle(connection.flow).then(close);
      else close();
    }
  }

  #usesRevoked(connection: CredentialHolder): boolean {
    if (connection.credential?.revoked) return true;
    for (const credential of this.#several.get(connection)?.values() ?? [])
      if (credential.revoked) return true;
    return false;
  }
}

function tooManyError(): KiteError {
  const message = `This connection has used ${CONNECTION_CREDENTIALS} kite keys; use another connection`;
  return new KiteError('authenticationError', message);
}
