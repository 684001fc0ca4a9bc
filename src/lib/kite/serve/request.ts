import { type KiteIdentity, parseIdentity } from '../../protocol/identity.js';
import { randomHex } from '../../util/random.js';
import type { Connection, ConnectionEvents } from '../call/connection.js';
import type { AnyMethods } from '../call/method-types.js';
import type { Peer } from '../call/peer.js';
import type { IncomingCall } from '../call/envelope.js';

/** A call, as its handler receives it. */
export class Request<Args extends readonly unknown[] = unknown[]> {
  readonly method: string;
  /** The arguments. Functions among them are callbacks of the caller, which can be called until it disconnects. */
  args: Args;
  /** The authenticated username of the caller. Empty if the method does not require authentication. */
  username = '';
  readonly #connection: Connection;
  readonly #call: IncomingCall;
  #id: string | undefined;
  #kite: KiteIdentity | undefined;
  #controller: AbortController | undefined;
  #canceled: Error | undefined;

  constructor(connection: Connection, call: IncomingCall) {
    this.#connection = connection;
    this.#call = call;
    this.method = call.method;
    this.args = call.args as unknown as Args;
  }

  /** Identifier of this request: 16 hexadecimal characters. The error of the call contains it. */
  get id(): string {
    this.#id ??= randomHex(8);
    return this.#id;
  }

  /** Identity of the calling kite. The username is authenticated; the other fields are claims of the caller. */
  get kite(): KiteIdentity {
    this.#kite ??= parseIdentity(this.#call.kite);
    if (this.username !== '' && this.#kite.username !== this.username) {
      this.#kite = { ...this.#kite, username: this.username };
    }
    return this.#kite;
  }

  /** The caller, whose methods can be called. */
  get client(): Peer<AnyMethods, ConnectionEvents> {
    return this.#connection;
  }

  /** The credentials of the call, unchecked: `{type, key}` or null. */
  get auth(): unknown {
    return this.#call.auth ?? null;
  }

  /**
   * Aborts when nobody waits for the response any more. The reason is a KiteError: `canceled` if the caller has given up, or
   * `disconnect` if it has disconnected.
   */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = this.#connection.openSignal();
      if (this.#canceled) this.#controller.abort(this.#canceled);
    }
    return this.#controller.signal;
  }

  /** Whether the caller has given up this call, so that it gets no response. */
  get canceled(): boolean {
    return this.#canceled !== undefined;
  }

  /** @internal Called when the caller gives up. */
  cancel(reason: Error): void {
    if (this.#canceled) return;
    this.#canceled = reason;
    this.#controller?.abort(reason);
  }

  /** Called when the request has ended: its signal does not abort after that. */
  release(): void {
    if (this.#controller) this.#connection.releaseSignal(this.#controller);
  }
}
