import { type KiteIdentity, parseIdentity } from '../../protocol/identity.js';
import { randomHex } from '../../util/random.js';
import type { Connection } from '../call/connection.js';
import type { AnyMethods } from '../call/method-types.js';
import type { Peer } from '../call/peer.js';
import type { IncomingCall } from '../call/envelope.js';

/** One call, as its handler sees it. */
export class Request<Args extends readonly unknown[] = unknown[]> {
  readonly method: string;
  /** The arguments. Functions among them can be called until the caller disconnects. */
  args: Args;
  /** Who calls: the authenticated username. Empty where the method asks for no authentication. */
  username = '';
  readonly #connection: Connection;
  readonly #call: IncomingCall;
  #id: string | undefined;
  #kite: KiteIdentity | undefined;
  #controller: AbortController | undefined;

  constructor(connection: Connection, call: IncomingCall) {
    this.#connection = connection;
    this.#call = call;
    this.method = call.method;
    this.args = call.args as unknown as Args;
  }

  /** 16 hexadecimal characters made for this request; they stand in its error too. */
  get id(): string {
    this.#id ??= randomHex(8);
    return this.#id;
  }

  /** The calling kite. The username is the authenticated one; the other fields are what the caller says of itself. */
  get kite(): KiteIdentity {
    this.#kite ??= parseIdentity(this.#call.kite);
    if (this.username !== '' && this.#kite.username !== this.username) {
      this.#kite = { ...this.#kite, username: this.username };
    }
    return this.#kite;
  }

  /** The caller's end of the connection: its methods can be called back. */
  get client(): Peer<AnyMethods, { disconnect: [code: number, reason: string] }> {
    return this.#connection;
  }

  /** The credentials as they came: `{type, key}` or null. */
  get auth(): unknown {
    return this.#call.auth ?? null;
  }

  /** Aborts when the caller is gone: nobody waits for the answer any more. */
  get signal(): AbortSignal {
    this.#controller ??= this.#connection.openSignal();
    return this.#controller.signal;
  }

  /** The request is over: its signal never aborts any more. */
  release(): void {
    if (this.#controller) this.#connection.releaseSignal(this.#controller);
  }
}
