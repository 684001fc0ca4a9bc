/// <reference lib="esnext.disposable" preserve="true" />

import type { ExtensionSet } from '../../protocol/extensions.js';
import { DISPOSE } from '../../util/dispose.js';
import { Emitter } from '../../util/emitter.js';
import type { FieldOptions, ParentRequest } from './call-fields.js';
import { type SharedFunction, sharedFunction } from '../callbacks/shared-function.js';
import type { RemoteStream } from '../streams/remote-stream.js';
import type {
  AnyMethods,
  MethodArgs,
  MethodName,
  MethodResult,
  RemoteMethods,
  StreamItem,
  StreamResult,
} from './method-types.js';
import { remoteMethods } from './remote-methods.js';

/** Options of a call. */
export interface CallOptions extends FieldOptions {
  /**
   * Timeout in milliseconds, after which the call rejects with `timeout`; 0 means none. Default: that of the client, and none for a
   * call with streams among its arguments.
   */
  readonly timeout?: number;
  /**
   * Rejects the call with the reason of the signal when it aborts. The `signal` of the request at the peer then aborts as well,
   * as after the timeout; peers that do not speak the extension `cancel` continue the call.
   */
  readonly signal?: AbortSignal;
  /**
   * How long the peer may call the functions among the arguments: until the call has ended (`call`, the default), or until the
   * connection has (`connection`) or `forget` is called. See also `share`.
   */
  readonly callbacks?: 'connection' | 'call';
  /**
   * The request for which this call is made. The call ends with its deadline at the latest, is canceled when its signal aborts,
   * and carries its trace and its metadata.
   *
   * @example
   *     kite.handle('report', (request) => database.call('rows', [], { parent: request }));
   */
  readonly parent?: ParentRequest;
}

/** The other end of a connection: the kite that a client has dialed, or the caller of a handler. */
export abstract class Peer<Methods, Events extends Record<string, unknown[]>> extends Emitter<Events> {
  #method: object | undefined;

  /**
   * The methods of the peer as functions, which call them as `tell` does. Names with dots are in brackets. A method whose name the
   * language uses for every object (`then`, `toJSON`, `toString`, `valueOf`) can be called with `tell` only.
   *
   * @example
   *     await client.method.square(4); // 16
   *     await client.method['kite.ping'](); // "pong"
   */
  get method(): RemoteMethods<Methods> {
    this.#method ??= remoteMethods((name, args) =>
      this.call(name as MethodName<Methods>, args as MethodArgs<Methods, MethodName<Methods>>),
    );
    return this.#method as RemoteMethods<Methods>;
  }

  /**
   * Calls a method of the peer and resolves with its result. Rejects with a KiteError: the error of the peer, or one of type
   * `timeout`, `disconnect` (as soon as the connection ends), `argumentError` or `sendError` (the arguments cannot be sent),
   * or `invalidResponse`.
   *
   * @example
   *     await client.call('square', [4], { timeout: 1000, signal: AbortSignal.timeout(500) });
   */
  abstract call<Result = unknown, Name extends MethodName<Methods> = MethodName<Methods>>(
    method: Name,
    args: MethodArgs<Methods, Name>,
    options?: CallOptions,
  ): Promise<MethodResult<Methods, Name, Result>>;

  /**
   * Calls a method whose handler returns a stream, such as an async generator, and returns its items. The peer makes them as they
   * are read, and is at most a window ahead. Ending a loop over them early cancels the call. `stream.result` is what the
   * generator returns. The timeout of the client
   * applies until the stream begins; one that is set for the call applies to the whole stream. A method that does not stream has a
   * result and no items.
   *
   * @example
   *     for await (const line of client.callStream('tail', ['/var/log/syslog'], { signal })) console.log(line);
   */
  abstract callStream<
    Item = unknown,
    Result = unknown,
    Name extends MethodName<Methods> = MethodName<Methods>,
  >(
    method: Name,
    args: MethodArgs<Methods, Name>,
    options?: CallOptions,
  ): RemoteStream<StreamItem<Methods, Name, Item>, StreamResult<Methods, Name, Result>>;

  /**
   * Memory that messages take which this side has sent and which the network has not accepted yet, in bytes. A handler that
   * sends a stream of callbacks can skip or merge some while it is large, and continue at the event `drain`.
   */
  abstract readonly backlog: number;

  /**
   * Address of the peer: host and port, such as `127.0.0.1:50412`, or its URL. For a caller behind one of the `trustedProxies`,
   * the address that the proxy names, often without a port.
   */
  abstract readonly remoteAddress: string;

  /**
   * The extensions of the protocol that the peer speaks: names such as `cancel`. Undefined until its first call or answer has
   * arrived. Empty if it speaks none, like kites of other implementations.
   */
  abstract readonly extensions: ExtensionSet | undefined;

  /** Releases a function that was an argument of a call or part of a result. The peer's later calls of it are ignored. */
  abstract forget(fn: (...args: never[]) => unknown): void;

  /** @internal Lets the peer call a function until it is forgotten, after whichever calls pass it. */
  abstract keep(fn: (...args: never[]) => unknown): void;

  /**
   * Returns a function that calls `fn`, which the peer can call until it is released, in however many calls it is passed: for
   * subscriptions. A client also shares it over the connections that it opens later.
   *
   * @example
   *     using onEvent = client.share((event: string) => console.log(event));
   *     await client.tell('subscribe', onEvent);
   */
  share<Args extends unknown[], Result>(
    fn: (...args: Args) => Result,
  ): SharedFunction<(...args: Args) => Result> {
    const shared = sharedFunction(fn, (released) => this.forget(released));
    this.keep(shared);
    return shared;
  }

  /** Closes the connection after queued messages have been sent. Pending calls reject with `disconnect`. */
  abstract close(): void;

  /** Calls `close`, for `using`. */
  [DISPOSE](): void {
    this.close();
  }

  /**
   * Calls a method with the default timeout; see `call`.
   *
   * @example
   *     await client.tell('square', 4); // 16
   */
  tell<Result = unknown, Name extends MethodName<Methods> = MethodName<Methods>>(
    method: Name,
    ...args: MethodArgs<Methods, Name>
  ): Promise<MethodResult<Methods, Name, Result>> {
    return this.call<Result, Name>(method, args);
  }

  /**
   * Calls a method whose handler returns a stream, and returns its items; see `callStream`.
   *
   * @example
   *     for await (const line of client.stream('tail', '/var/log/syslog')) console.log(line);
   */
  stream<Item = unknown, Result = unknown, Name extends MethodName<Methods> = MethodName<Methods>>(
    method: Name,
    ...args: MethodArgs<Methods, Name>
  ): RemoteStream<StreamItem<Methods, Name, Item>, StreamResult<Methods, Name, Result>> {
    return this.callStream<Item, Result, Name>(method, args);
  }

  /** Calls a method with a timeout in milliseconds; 0 means none. See `call`. */
  tellWithTimeout<Result = unknown, Name extends MethodName<Methods> = MethodName<Methods>>(
    timeout: number,
    method: Name,
    ...args: MethodArgs<Methods, Name>
  ): Promise<MethodResult<Methods, Name, Result>> {
    return this.call<Result, Name>(method, args, { timeout });
  }
}

/** A peer with any methods and events. */
export type AnyPeer = Peer<AnyMethods, Record<string, unknown[]>>;
