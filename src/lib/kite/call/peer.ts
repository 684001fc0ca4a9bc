import { Emitter } from '../../util/emitter.js';
import type { AnyMethods, MethodArgs, MethodName, MethodResult } from './method-types.js';

export interface CallOptions {
  /** Milliseconds until the call rejects with `timeout`; 0 = none. Default: the client's `timeout`. */
  readonly timeout?: number;
  /** Rejects the call with the signal's reason when it aborts. The remote is not told: the protocol has no word for it. */
  readonly signal?: AbortSignal;
  /**
   * How long the remote may call the functions among the arguments: until it disconnects (`connection`, the default, what
   * a watch wants), or until it has answered (`call`).
   */
  readonly callbacks?: 'connection' | 'call';
}

/** Whoever is at the other end: what a client dialled, or who called a handler. Either may call the other's methods. */
export abstract class Peer<Methods, Events extends Record<string, unknown[]>> extends Emitter<Events> {
  /**
   * Calls a method of the peer and resolves with its result. Rejects with a KiteError: what the peer answered, or
   * `timeout`, `disconnect` (at once when the connection drops), `argumentError` (what cannot be sent), `invalidResponse`.
   */
  abstract call<Result = unknown, Name extends MethodName<Methods> = MethodName<Methods>>(
    method: Name,
    args: MethodArgs<Methods, Name>,
    options?: CallOptions,
  ): Promise<MethodResult<Methods, Name, Result>>;

  /** Where the peer is, such as `127.0.0.1:50412` or its URL. */
  abstract readonly remoteAddress: string;

  /** Forgets a function that was handed to the peer among the arguments of a call: from now on its calls are dropped. */
  abstract forget(fn: (...args: never[]) => unknown): void;

  /** Ends the connection after what is queued has been sent. Calls in flight reject with `disconnect`. */
  abstract close(): void;

  /** `call` with the peer's default deadline. */
  tell<Result = unknown, Name extends MethodName<Methods> = MethodName<Methods>>(
    method: Name,
    ...args: MethodArgs<Methods, Name>
  ): Promise<MethodResult<Methods, Name, Result>> {
    return this.call<Result, Name>(method, args);
  }

  /** `call` with a deadline of its own, in milliseconds; 0 = none. */
  tellWithTimeout<Result = unknown, Name extends MethodName<Methods> = MethodName<Methods>>(
    timeout: number,
    method: Name,
    ...args: MethodArgs<Methods, Name>
  ): Promise<MethodResult<Methods, Name, Result>> {
    return this.call<Result, Name>(method, args, { timeout });
  }
}

/** A peer whose methods are not known to TypeScript. */
export type AnyPeer = Peer<AnyMethods, Record<string, unknown[]>>;
