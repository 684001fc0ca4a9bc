import type { KiteIdentity } from '../../protocol/identity.js';
import type { Client, ClientOptions } from '../call/client.js';
import type { AnyMethods } from '../call/method-types.js';
import type { KiteRecord } from './kontrol-responses.js';
import type { RenewToken } from '../call/token-renewal.js';

export interface RemoteKiteHost {
  newClient<Methods = AnyMethods>(url: string, options: ClientOptions): Client<Methods>;
  /** Returns a function that renews the tokens of clients of this kite. */
  renewer(found: KiteRecord): RenewToken;
}

/**
 * A kite that was found through Kontrol.
 *
 * @example
 *     for (const remote of await kite.getKites(query)) {
 *       const client = remote.client();
 *       await client.dial();
 *     }
 */
export class RemoteKite {
  readonly kite: KiteIdentity;
  readonly url: string;
  /** Token to call the kite. Empty if this user may find the kite but not call it. */
  readonly token: string;
  /** Identifier of the key pair of Kontrol that the kite trusts. Empty if Kontrol does not report it. */
  readonly keyId: string;
  /** Time of the registration in milliseconds since 1970. Undefined if Kontrol does not report it. */
  readonly registeredAt: number | undefined;
  /**
   * When the connection of the kite to Kontrol dropped with no goodbye, in milliseconds since 1970. Such a kite may have ended, and
   * deregisters soon unless it returns. Undefined while it is connected, or if Kontrol does not report it.
   */
  readonly silentSince: number | undefined;
  readonly #host: RemoteKiteHost;
  readonly #found: KiteRecord;

  constructor(host: RemoteKiteHost, found: KiteRecord) {
    this.#host = host;
    this.#found = found;
    this.kite = found.kite;
    this.url = found.url;
    this.token = found.token;
    this.keyId = found.keyId;
    this.registeredAt = found.registeredAt;
    this.silentSince = found.silentSince;
  }

  /** Returns a client of the kite, which is not connected yet. Its token is renewed until it closes. */
  client<Methods = AnyMethods>(options: ClientOptions = {}): Client<Methods> {
    const defaults: ClientOptions =
      this.token === ''
        ? {}
        : { auth: { type: 'token', key: this.token }, renewToken: this.#host.renewer(this.#found) };
    return this.#host.newClient<Methods>(this.url, { ...defaults, ...options });
  }
}
