import type {
  AnyMethods,
  MethodArgs,
  MethodName,
  MethodResult,
  StreamItem,
  StreamResult,
} from '../call/method-types.js';
import type { CallOptions } from '../call/peer.js';
import { type OpeningStream, RemoteStream } from '../streams/remote-stream.js';

/** Makes a call, at a kite with this hash of a key if it is set. */
export type MakeCall = (
  method: string,
  args: unknown[],
  options: CallOptions | undefined,
  key: number | undefined,
  stream?: OpeningStream,
) => Promise<unknown>;

/** Calls of the kites of a service. */
export class ServiceCalls<Methods = AnyMethods> {
  readonly #make: MakeCall;
  readonly #key: number | undefined;

  /** @internal */
  constructor(make: MakeCall, key?: number) {
    this.#make = make;
    this.#key = key;
  }

  /**
   * Calls a method of one of the kites. Rejects with the error of the kite, or with a KiteError that lists what was tried,
   * whose `cause.errors` are the failures.
   *
   * @example
   *     await math.call('square', [4], { timeout: 1000 });
   */
  call<Result = unknown, Name extends MethodName<Methods> = MethodName<Methods>>(
    method: Name,
    args: MethodArgs<Methods, Name>,
    options?: CallOptions,
  ): Promise<MethodResult<Methods, Name, Result>> {
    return this.#make(method, args, options, this.#key) as Promise<MethodResult<Methods, Name, Result>>;
  }

  /** Calls a method of one of the kites with the default timeout; see `call`. */
  tell<Result = unknown, Name extends MethodName<Methods> = MethodName<Methods>>(
    method: Name,
    ...args: MethodArgs<Methods, Name>
  ): Promise<MethodResult<Methods, Name, Result>> {
    return this.call<Result, Name>(method, args);
  }

  /**
   * Calls a method whose handler returns a stream, and returns its items, as `callStream` of a client. A stream that has begun
   * is not made again at another kite.
   */
  callStream<Item = unknown, Result = unknown, Name extends MethodName<Methods> = MethodName<Methods>>(
    method: Name,
    args: MethodArgs<Methods, Name>,
    options: CallOptions = {},
  ): RemoteStream<StreamItem<Methods, Name, Item>, StreamResult<Methods, Name, Result>> {
    const open = (stream: OpeningStream): Promise<StreamResult<Methods, Name, Result>> =>
      this.#make(method, args, options, this.#key, stream) as Promise<StreamResult<Methods, Name, Result>>;
    return new RemoteStream(open, options.signal);
  }

  /** Calls a method whose handler returns a stream, and returns its items; see `callStream`. */
  stream<Item = unknown, Result = unknown, Name extends MethodName<Methods> = MethodName<Methods>>(
    method: Name,
    ...args: MethodArgs<Methods, Name>
  ): RemoteStream<StreamItem<Methods, Name, Item>, StreamResult<Methods, Name, Result>> {
    return this.callStream<Item, Result, Name>(method, args);
  }
}
