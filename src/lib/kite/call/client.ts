import type { ExtensionSet } from '../../protocol/extensions.js';
import { withoutUrlSecrets } from '../../transport/handshake/session-url.js';
import { isKiteError, KiteError } from '../../protocol/errors.js';
import { Backoff } from '../../util/backoff.js';
import { type Abortable, Cancellation } from '../../util/abortable.js';
import type { Channel } from '../../transport/channel/channel.js';
import { RESTART_CODE } from '../../transport/channel/close-code.js';
import type { Clock, Timer } from '../../util/clock.js';
import { closedError, disconnectError, notConnectedError } from './call-errors.js';
import type { Auth, ClientEvents, ClientHost, ClientOptions } from './client-options.js';
import { Connection } from './connection.js';
import { type OpeningStream, RemoteStream } from '../streams/remote-stream.js';
import type {
  AnyMethods,
  MethodArgs,
  MethodName,
  MethodResult,
  StreamItem,
  StreamResult,
} from './method-types.js';
import type { RenewToken, TokenRenewal } from './token-renewal.js';
import { type CallOptions, Peer } from './peer.js';
import type { RunningCalls } from './when-idle.js';
import { cancelStreams } from './tagged-message.js';

export type * from './client-options.js';

type State = 'idle' | 'connected' | 'waiting' | 'closed';

/**
 * A client of another kite. It opens the connection, and reopens it after a disconnect if `dialForever` was called.
 * `kite.newClient(url)` creates one.
 *
 * Lifecycle: `dial` or `dialForever`, any number of calls, `close`. A closed client cannot be used again.
 *
 * @example
 *     const client = kite.newClient('http://localhost:3636/kite');
 *     await client.dial();
 *     const result = await client.call('square', [4], { timeout: 1000 });
 *     client.close();
 */
export class Client<Methods = AnyMethods> extends Peer<Methods, ClientEvents> {
  /** The URL that the client dials. */
  readonly url: string;
  readonly #host: ClientHost;
  readonly #options: ClientOptions;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  #auth: Auth | null;
  #connection: Connection | undefined;
  /** The connection before this one, whose peer takes no new calls, while calls run on it. */
  #leaving: Connection | undefined;
  #dialing: { readonly done: Promise<void>; readonly cancellation: Cancellation } | undefined;
  /** Calls of `dialForever` that wait for a connection. */
  #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #state: State = 'idle';
  #forever = false;
  #retry: Timer | undefined;
  /** The causes of failures that were logged as warnings. */
  #reported: Set<string> | undefined;
  readonly #renewal: TokenRenewal | undefined;
  /** The functions that each connection shares with the peer. */
  #kept: Set<(...args: never[]) => unknown> | undefined;

  constructor(host: ClientHost, url: string, options: ClientOptions = {}) {
    super(host.logger);
    this.#host = host;
    this.url = url;
    this.#options = options;
    this.#clock = host.clock;
    this.#backoff = new Backoff(options.backoff);
    this.#auth = options.auth ?? null;
    this.#renewal = this.#makeRenewal(options.renewToken);
  }

  /** Address of the connected kite, or its URL if there is no connection. */
  override get remoteAddress(): string {
    return this.#connection?.remoteAddress ?? withoutUrlSecrets(this.url);
  }

  override get extensions(): ExtensionSet | undefined {
    return this.#connection?.extensions;
  }

  override get backlog(): number {
    return this.#connection?.backlog ?? 0;
  }

  /** Whether the client has a connection. */
  get connected(): boolean {
    return this.#state === 'connected';
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#state === 'closed';
  }

  /** Whether a peer, such as the `client` of a request, is the other end of this connection. */
  isConnectedTo(peer: unknown): boolean {
    return this.#connection !== undefined && peer === this.#connection;
  }

  /** Credentials that calls carry. A new value applies to all later calls. */
  get auth(): Auth | null {
    return this.#auth;
  }

  set auth(auth: Auth | null) {
    this.#auth = auth;
    this.#connection?.setAuth(auth);
    this.#renewal?.schedule();
  }

  /**
   * Connects once. Resolves when calls can be made. Rejects with a KiteError of type `disconnect` whose message explains the
   * failure, and whose `code` is a `DialErrorCode`, such as `refused`, `notFound` or `timeout`, or `closed`.
   */
  dial(): Promise<void> {
    if (this.#state === 'connected') return Promise.resolve();
    if (this.#state === 'closed') return Promise.reject(closedError(this.url));
    if (!this.#dialing) {
      const cancellation = new Cancellation();
      this.#dialing = { done: this.#dial(cancellation), cancellation };
    }
    return this.#dialing.done;
  }

  /**
   * Connects, and reconnects after each disconnect until `close`. The delay between attempts doubles up to ten seconds; a page
   * tries at once when it is online again or becomes visible. Resolves when the first connection is open. Rejects only if the
   * client is closed before that. Each failure emits `retry`, and is logged as a warning once per cause.
   */
  dialForever(): Promise<void> {
    if (this.#state === 'closed') return Promise.reject(closedError(this.url));
    this.#forever = true;
    if (this.#state === 'connected') return Promise.resolve();
    const connected = new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    if (this.#state === 'idle') this.#tryAgain();
    return connected;
  }

  override call<Result = unknown, Name extends MethodName<Methods> = MethodName<Methods>>(
    method: Name,
    args: MethodArgs<Methods, Name>,
    options?: CallOptions,
  ): Promise<MethodResult<Methods, Name, Result>> {
    if (!this.#renewal) return this.#call<MethodResult<Methods, Name, Result>>(method, args, options);
    return this.#renewal.callWithRetry(this.#token(), args, () => this.#call(method, args, options));
  }

  /** @internal Like `call`, for a caller that has a promise. */
  callInto(
    method: string,
    args: unknown[],
    options: CallOptions | undefined,
    resolve: (result: unknown) => void,
    reject: (error: unknown) => void,
  ): void {
    if (this.#connection && !this.#renewal) this.#connection.callInto(method, args, options, resolve, reject);
    else this.call(method as MethodName<Methods>, args as never, options).then(resolve, reject);
  }

  override callStream<
    Item = unknown,
    Result = unknown,
    Name extends MethodName<Methods> = MethodName<Methods>,
  >(
    method: Name,
    args: MethodArgs<Methods, Name>,
    options: CallOptions = {},
  ): RemoteStream<StreamItem<Methods, Name, Item>, StreamResult<Methods, Name, Result>> {
    const open = (stream: OpeningStream): Promise<StreamResult<Methods, Name, Result>> =>
      this.openStream(method, args, options, stream);
    return new RemoteStream(open, options.signal);
  }

  /** @internal Makes the call of a stream. */
  openStream<Result>(
    method: string,
    args: unknown[],
    options: CallOptions,
    stream: OpeningStream,
  ): Promise<Result> {
    const call = (): Promise<Result> =>
      this.#connection
        ? this.#connection.openStream<Result>(method, args, options, stream)
        : Promise.reject(this.#unconnected(args));
    return this.#renewal ? this.#renewal.callWithRetry(this.#token(), args, call) : call();
  }

  #call<Result>(method: string, args: unknown[], options: CallOptions | undefined): Promise<Result> {
    const connection = this.#connection;
    if (connection) return connection.call<Result>(method, args, options);
    return Promise.reject(this.#unconnected(args));
  }

  #unconnected(args: unknown[]): Error {
    cancelStreams(args);
    return this.#state === 'closed' ? closedError(this.url) : notConnectedError(this.url);
  }

  override forget(fn: (...args: never[]) => unknown): void {
    this.#kept?.delete(fn);
    this.#connection?.forget(fn);
    this.#leaving?.forget(fn);
  }

  /** @internal */
  override keep(fn: (...args: never[]) => unknown): void {
    (this.#kept ??= new Set()).add(fn);
    this.#connection?.keep(fn);
  }

  /** Closes the connection and stops dialing. Pending calls reject with `disconnect`, code `closed`. */
  override close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#retry?.cancel();
    this.#renewal?.stop();
    this.#dialing?.cancellation.cancel(closedError(this.url));
    this.#connection?.close();
    this.#leaving?.close();
    for (const { reject } of this.#waiting.splice(0)) reject(closedError(this.url));
    this.#host.clientClosed(this);
  }

  #token(): string | undefined {
    return this.#auth?.type === 'token' ? this.#auth.key : undefined;
  }

  #makeRenewal(renewToken: RenewToken | undefined): TokenRenewal | undefined {
    if (!renewToken) return undefined;
    return this.#host.newRenewal?.({
      clock: this.#clock,
      logger: this.#host.logger,
      renewToken,
      token: () => this.#token(),
      expired: () => this.emit('tokenExpire'),
      renewed: (token) => {
        this.auth = { type: 'token', key: token };
        this.emit('tokenRenew', token);
      },
    });
  }

  #dial(signal: Abortable): Promise<void> {
    const { transport, handshakeTimeout } = this.#options;
    const dialing = this.#host.dialer(this.url, {
      transport: transport ?? this.#host.transport,
      handshakeTimeout: handshakeTimeout ?? this.#host.handshakeTimeout,
      signal,
      access: this.#options,
      auth: this.#auth,
    });
    return dialing.then(
      (channel) => this.#dialed(channel),
      (error: unknown) => {
        this.#dialing = undefined;
        throw this.closed ? closedError(this.url) : dialError(this.url, error);
      },
    );
  }

  #dialed(channel: Channel): void {
    this.#dialing = undefined;
    if (this.closed) {
      channel.close();
      throw closedError(this.url);
    }
    this.#connected(channel);
  }

  #connected(channel: Channel): void {
    const connection = new Connection(this.#host, channel, {
      role: 'dialed',
      trustRemote: this.#options.trustRemote ?? this.#host.trustRemote,
      auth: this.#auth,
      timeout: this.#options.timeout,
      observer: this,
    });
    for (const fn of this.#kept ?? []) connection.keep(fn);
    this.#connection = connection;
    this.#state = 'connected';
    this.#backoff.reset();
    this.#reported = undefined;
    connection.start();
    for (const { resolve } of this.#waiting.splice(0)) resolve();
    this.emit('connect');
  }

  /** @internal Tells the peer that this kite takes no new calls. */
  announceDraining(): void {
    this.#connection?.announceDraining();
  }

  /** @internal The calls of the peer that run. */
  get running(): RunningCalls[] {
    return [this.#connection, this.#leaving].flatMap((connection) => connection?.flow ?? []);
  }

  /** @internal Dials at once if `dialForever` waits for its next attempt. */
  wake(): void {
    if (this.#state !== 'waiting') return;
    this.#retry?.cancel();
    this.#backoff.reset();
    this.#tryAgain();
  }

  /** @internal */
  drained(): void {
    this.emit('drain');
  }

  /** @internal The peer takes no new calls: those of a client that reconnects go over another connection. */
  draining(connection: object): void {
    this.emit('draining');
    if (!this.#forever || this.#connection !== connection) return;
    // A peer cannot make this side hold any number of connections.
    this.#leaving?.close();
    this.#leaving = this.#connection;
    this.#disconnected(RESTART_CODE, 'The peer is shutting down');
  }

  /** @internal */
  ended(connection: object, code: number, reason: string): void {
    if (this.#connection === connection) this.#disconnected(code, reason);
    else if (this.#leaving === connection) this.#leaving = undefined;
  }

  #disconnected(code: number, reason: string): void {
    this.#connection = undefined;
    if (this.#state !== 'closed') this.#state = 'idle';
    this.emit('disconnect', code, reason);
    if (this.#forever && this.#state === 'idle')
      this.#retryLater(disconnectError(withoutUrlSecrets(this.url)));
  }

  #retryLater(cause: KiteError): void {
    this.#state = 'waiting';
    const delay = this.#backoff.next();
    this.#retry = this.#clock.setTimeout(() => this.#tryAgain(), delay);
    this.emit('retry', cause, delay);
  }

  #tryAgain(): void {
    this.#state = 'idle';
    this.dial().catch((error: KiteError) => {
      if (this.#state !== 'idle') return;
      this.#report(error);
      this.#retryLater(error);
    });
  }

  /** Logs a failure of `dialForever` as a warning, once per cause until the client is connected. */
  #report({ code, message }: KiteError): void {
    this.#reported ??= new Set();
    this.#host.logger[this.#reported.has(code) ? 'debug' : 'warn'](`${message}; trying again`);
    this.#reported.add(code);
  }
}

function dialError(url: string, error: unknown): KiteError {
  if (isKiteError(error)) return error;
  const { code, message } = error as { code?: unknown; message?: unknown };
  return new KiteError(
    'disconnect',
    typeof message === 'string' ? message : disconnectError(withoutUrlSecrets(url)).message,
    {
      code: typeof code === 'string' ? code : '',
      cause: error,
      retryable: code !== 'invalidUrl',
    },
  );
}
