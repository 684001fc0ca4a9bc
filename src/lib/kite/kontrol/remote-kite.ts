import type { KiteIdentity } from '../../protocol/identity.js';
import type { Client, ClientOptions } from '../call/client.js';
import type { AnyMethods } from '../call/method-types.js';
import type { FoundKite } from './kontrol-responses.js';
import type { RenewToken } from '../call/token-renewal.js';

export interface RemoteKiteHost {
  newClient<Methods = AnyMethods>(url: string, options: ClientOptions): Client<Methods>;
  /** What gets a client of this kite its next token. */
  renewer(found: FoundKite): RenewToken;
}

/** A kite that Kontrol has found. */
export class RemoteKite {
  readonly kite: KiteIdentity;
  readonly url: string;
  /** With which it is called; empty where this kite may know of it and not call it. */
  readonly token: string;
  /** The key pair of Kontrol that it trusts. */
  readonly keyId: string;
  /** Since when it is registered, in milliseconds since 1970. Undefined where Kontrol does not say. */
  readonly registeredAt: number | undefined;
  readonly #host: RemoteKiteHost;
  readonly #found: FoundKite;

  constructor(host: RemoteKiteHost, found: FoundKite) {
    this.#host = host;
    this.#found = found;
    this.kite = found.kite;
    this.url = found.url;
    this.token = found.token;
    this.keyId = found.keyId;
    this.registeredAt = found.registeredAt;
  }

  /** A client of it, not connected yet, whose token is renewed for as long as it is open. */
  client<Methods = AnyMethods>(options: ClientOptions = {}): Client<Methods> {
    const own: ClientOptions =
      this.token === ''
        ? {}
        : { auth: { type: 'token', key: this.token }, renewToken: this.#host.renewer(this.#found) };
    return this.#host.newClient<Methods>(this.url, { ...own, ...options });
  }
}
