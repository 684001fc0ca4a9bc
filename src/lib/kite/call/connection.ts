import { type AnyFunction, isDataItem } from '../../dnode/scrub.js';
import type { ExtensionSet } from '../../protocol/extensions.js';
import { type KiteIdentity, parseIdentity } from '../../protocol/identity.js';
import type { ConnectionLimits } from '../limits/kite-limits.js';
import type { Channel } from '../../transport/channel/channel.js';
import { ALL_ANSWERED_REASON, RESTART_CODE } from '../../transport/channel/close-code.js';
import type { Clock } from '../../util/clock.js';
import { type ListenerFailed, logListenerFailures } from '../../util/guard-listeners.js';
import type { guardSignal } from '../../util/guard-signal.js';
import { cancelStreams, expectFailures, needsExtension } from './tagged-message.js';
import {
  canceledError,
  closedHere,
  disconnectError,
  drainingError,
  type FailedRequest,
  notSentBecause,
} from './call-errors.js';
import type { ConnectionEvents, ConnectionObserver, ConnectionOptions } from './connection-options.js';
import type { CallerIdentity } from './caller-identity.js';
import type { ConnectionCredential } from './connection-credential.js';
import { ConnectionStreams } from '../streams/connection-streams.js';
import type { ItemOutlet } from '../streams/stream-producer.js';
import { type OpeningStream, RemoteStream } from '../streams/remote-stream.js';
import { FlowControl } from './flow-control.js';
import { Negotiation } from './negotiation.js';
import { PendingCalls } from './pending-calls.js';
import type { AnyMethods } from './method-types.js';
import { type CallOptions, Peer } from './peer.js';
import { Receiver, type ReceiverHost } from './receiver.js';
import { Sender, type SenderHost } from './sender.js';
import { CANCEL, CREDIT, DRAINING, type IncomingCall, RELEASE } from './envelope.js';

export type { ConnectionEvents } from './connection-options.js';
export type { CallPrefixCache } from './receiver.js';

/** The interface of a kite to its connections. */
export interface ConnectionHost extends SenderHost, ReceiverHost {
  readonly clock: Clock;
  /** Guards the listeners of signals. Default: they are not guarded. A browser logs what they throw. */
  readonly guardSignal?: typeof guardSignal;
  /** Runs a call, and responds with `connection.respond` or `connection.respondError`. Must not throw. */
  dispatch(connection: Connection, call: IncomingCall): void;
  disconnected(connection: Connection): void;
}

/** Calls that wait. */
export interface HeldMessages {
  add(call: IncomingCall): void;
}

/** A call that runs. */
export interface RunningCall {
  /** The caller has given up. */
  cancel(reason: Error): void;
}

const NO_OPTIONS: CallOptions = {};

/** A live channel with dnode on it: calls, responses and callbacks in both directions. */
export class Connection extends Peer<AnyMethods, ConnectionEvents> {
  readonly role: 'accepted' | 'dialed';
  /** The peer, if the channel has authenticated it. */
  readonly identity: CallerIdentity | undefined;
  /** Limits how much is read from the peer at a time. */
  readonly flow: FlowControl;
  /** The credential of the last authenticated call; set by the authenticator. */
  credential: ConnectionCredential | undefined;
  /** Whether the peer has authenticated itself in a call. */
  wasAuthenticated = false;
  /** The calls that wait until the credentials of an earlier one have been checked. */
  held: HeldMessages | undefined;
  /** Whether the call that is being dispatched is the first of the peer. */
  firstCall = false;
  readonly #host: ConnectionHost;
  readonly #channel: Channel;
  readonly #trustRemote: readonly string[] | true | undefined;
  readonly #observer: ConnectionObserver | undefined;
  readonly #pendingCalls: PendingCalls;
  readonly #sender: Sender;
  readonly #negotiation = new Negotiation();
  #controllers: Set<AbortController> | undefined;
  /** The calls of the peer that it can cancel, by the number of its callback. */
  #running: Map<unknown, RunningCall> | undefined;
  #streams: ConnectionStreams | undefined;
  #kept: Set<AnyFunction> | undefined;
  #listenerFailed: ListenerFailed | undefined;
  /** The identity in the first call of the peer, unparsed and unverified; null if that call has none. */
  #claimedKite: unknown;
  #kite: KiteIdentity | undefined;
  #closed = false;
  /** Whether this side has closed the connection. */
  #closing = false;
  /** Whether the peer takes no new calls. */
  #draining = false;
  #queue: Promise<void> | undefined;

  constructor(host: ConnectionHost, channel: Channel, options: ConnectionOptions) {
    super(host.logger);
    this.#host = host;
    this.#channel = channel;
    this.role = options.role;
    this.identity = options.identity;
    this.flow = new FlowControl(channel, host.limits, options.role === 'accepted');
    this.#trustRemote = options.trustRemote;
    this.#observer = options.observer;
    this.#pendingCalls = new PendingCalls(host.clock);
    const { auth, timeout } = options;
    this.#sender = new Sender(host, {
      owner: this,
      channel,
      flow: this.flow,
      pendingCalls: this.#pendingCalls,
      negotiation: this.#negotiation,
      auth,
      timeout,
    });
    this.#pendingCalls.canceler = this.#sender;
  }

  /** Starts to receive messages of the peer. */
  start(): void {
    this.#channel.start(
      new Receiver(this.#host, {
        connection: this,
        channel: this.#channel,
        sender: this.#sender,
        pendingCalls: this.#pendingCalls,
        negotiation: this.#negotiation,
      }),
    );
  }

  override get backlog(): number {
    return this.#sender.backlog;
  }

  get limits(): ConnectionLimits {
    return this.#host.limits;
  }

  get clock(): Clock {
    return this.#host.clock;
  }

  /** The streams in calls and results. */
  get streams(): ConnectionStreams {
    return (this.#streams ??= new ConnectionStreams(this));
  }

  override get remoteAddress(): string {
    return this.#channel.remoteAddress;
  }

  override get extensions(): ExtensionSet | undefined {
    return this.#negotiation.extensions;
  }

  /** The identity that the peer claims in its calls, unverified; undefined before its first call. See `Request.username`. */
  get kite(): KiteIdentity | undefined {
    if (!this.#kite && this.#claimedKite !== undefined) this.#kite = parseIdentity(this.#claimedKite);
    return this.#kite;
  }

  /** Whether the connection has ended. */
  get hasEnded(): boolean {
    return this.#closed;
  }

  /** Whether the peer has made a call. */
  get hasReceivedCall(): boolean {
    return this.#claimedKite !== undefined;
  }

  /** Whether the peer may call `method` here without authentication. */
  trusts(method: string): boolean {
    const trusted = this.#trustRemote;
    return trusted !== undefined && (trusted === true || trusted.includes(method));
  }

  /** The peer has authenticated itself in a call. */
  authenticated(): void {
    this.wasAuthenticated = true;
    this.#channel.authenticated?.();
  }

  /** Sets the `authentication` of later calls. */
  setAuth(auth: unknown): void {
    this.#sender.setAuth(auth);
  }

  override call<Result = unknown>(
    method: string,
    args: unknown[],
    options: CallOptions = {},
  ): Promise<Result> {
    if (this.#mustPing(args))
      return this.#ping(args, options).then(() => this.call<Result>(method, args, options));
    return new Promise<unknown>((resolve, reject) => {
      // An exception here rejects the promise.
      this.#makeCall(method, args, options, resolve, reject);
    }) as Promise<Result>;
  }

  /** Like `call`, for a caller that has a promise. */
  callInto(
    method: string,
    args: unknown[],
    options: CallOptions | undefined,
    resolve: (result: unknown) => void,
    reject: (error: unknown) => void,
  ): void {
    try {
      if (this.#mustPing(args)) this.call(method, args, options).then(resolve, reject);
      else this.#makeCall(method, args, options ?? NO_OPTIONS, resolve, reject);
    } catch (error) {
      reject(error);
    }
  }

  override callStream<Item = unknown, Result = unknown>(
    method: string,
    args: unknown[],
    options: CallOptions = {},
  ): RemoteStream<Item, Result> {
    const open = (stream: OpeningStream): Promise<Result> => this.openStream(method, args, options, stream);
    return new RemoteStream<Item, Result>(open, options.signal);
  }

  /** Makes the call of a stream. */
  openStream<Result>(
    method: string,
    args: unknown[],
    options: CallOptions,
    stream: OpeningStream,
  ): Promise<Result> {
    if (this.#mustPing(args))
      return this.#ping(args, options).then(() => this.openStream<Result>(method, args, options, stream));
    return new Promise<unknown>((resolve, reject) => {
      const number = this.#makeCall(method, args, options, resolve, reject, stream.reader);
      stream.opened((reason) => this.#sender.abandon(number, reason));
    }) as Promise<Result>;
  }

  #makeCall(...[method, args, options, resolve, reject, reader]: Parameters<Sender['call']>): number {
    try {
      if (this.#draining) throw drainingError(this.remoteAddress);
      return this.#sender.call(method, args, options, resolve, reject, reader);
    } catch (error) {
      cancelStreams(args);
      throw error;
    }
  }

  /** Whether a call has to wait until the peer has named its extensions. */
  #mustPing(args: unknown[]): boolean {
    return !this.extensions && !isDataItem(args, this.#host.limits.messageDepth) && needsExtension(args);
  }

  /** Makes the peer name its extensions: every kite answers its ping. A peer that rejects the ping has named none. */
  async #ping(args: readonly unknown[], { signal, timeout }: CallOptions): Promise<void> {
    const options = { ...(signal && { signal }), ...(timeout !== undefined && { timeout }) };
    expectFailures(args);
    await this.call('kite.ping', [], options).catch((error: unknown) => {
      if (this.extensions !== undefined) return;
      cancelStreams(args);
      throw notSentBecause(error);
    });
  }

  override forget(fn: AnyFunction): void {
    this.#kept?.delete(fn);
    this.#pendingCalls.forget(fn);
  }

  override keep(fn: AnyFunction): void {
    (this.#kept ??= new Set()).add(fn);
  }

  /** Whether the peer may call a function until it is forgotten. */
  keeps(fn: AnyFunction): boolean {
    return this.#kept?.has(fn) ?? false;
  }

  override close(code?: number, reason?: string): void {
    this.#closing = true;
    this.#sender.flush();
    this.#channel.close(code, reason);
  }

  /** Responds to a call of the peer. If the result cannot be sent, the response is an error with the reason. */
  respond(call: IncomingCall, result: unknown, request: FailedRequest): void {
    this.#sender.respond(call, result, request);
  }

  /** Returns the outlet for the items of a stream that a function of the peer receives. */
  itemOutlet(number: number): ItemOutlet {
    return this.#sender.streams.items(number);
  }

  /** Returns the size of a value in JSON. Throws if it cannot be sent. */
  measure(item: unknown): number {
    return this.#sender.streams.measure(item);
  }

  respondError(call: IncomingCall, error: unknown, id: string): void {
    this.#sender.respondError(call, error, id);
  }

  /** Runs a call of the peer. */
  dispatch(call: IncomingCall): void {
    if (call.response === undefined && this.#control(call)) return;
    if (!this.#negotiation.extensions) this.#negotiation.heard(call.extensions);
    if (this.held) {
      this.held.add(call);
      return;
    }
    this.firstCall = !this.hasReceivedCall;
    this.#claimedKite ??= call.kite ?? null;
    this.#host.dispatch(this, call);
  }

  /** Handles a message about a call of the peer. Returns false if it is another one. */
  #control({ method, args }: IncomingCall): boolean {
    if (method === CANCEL) this.#running?.get(args[0])?.cancel(canceledError());
    else if (method === CREDIT) this.#streams?.grant(args[0], args[1]);
    else if (method === DRAINING) this.#peerDrains();
    else if (method === RELEASE) this.#pendingCalls.releaseUses(args[0], args[1]);
    else return false;
    return true;
  }

  /** Tells the peer that this kite takes no new calls, if it understands that. */
  announceDraining(): void {
    if (this.extensions?.has('draining')) this.#sender.announceDraining();
  }

  #peerDrains(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#observer?.draining(this);
    this.emit('draining');
  }

  /** Runs `task` after the tasks queued before it, for kites that do not run calls concurrently. */
  enqueue(task: () => Promise<void> | void): void {
    this.#queue = (this.#queue ?? Promise.resolve()).then(task);
  }

  /** Lets the peer cancel a call until `untrack`. A call that ends at once needs none. */
  track({ response }: IncomingCall, running: RunningCall): void {
    if (response !== undefined && this.extensions?.has('cancel'))
      (this.#running ??= new Map()).set(response, running);
  }

  untrack({ response }: IncomingCall, running: RunningCall): void {
    // A peer can use a number twice.
    if (this.#running?.get(response) === running) this.#running.delete(response);
  }

  /** Logs what a handler has thrown. Returns the error that its caller gets. */
  handlerFailed(error: unknown, request: FailedRequest): unknown {
    const { handlerFailed } = this.#host;
    return handlerFailed ? handlerFailed(error, request) : error;
  }

  /** Logs what a listener of the program has thrown. */
  get listenerFailed(): ListenerFailed {
    return (this.#listenerFailed ??= logListenerFailures(this.#host.logger));
  }

  /** Returns a controller that aborts when the peer disconnects. Call `releaseSignal` when the request has ended. */
  openSignal(): AbortController {
    const controller = new AbortController();
    this.#host.guardSignal?.(controller.signal, this.listenerFailed);
    if (this.#closed) controller.abort(disconnectError(''));
    else (this.#controllers ??= new Set()).add(controller);
    return controller;
  }

  releaseSignal(controller: AbortController): void {
    this.#controllers?.delete(controller);
  }

  /** Returns the error of a call that is pending when the channel ends. */
  #failure(code: number, reason: string): Error {
    if (this.#closing) return closedHere();
    return code === RESTART_CODE && reason === ALL_ANSWERED_REASON
      ? drainingError(this.remoteAddress)
      : disconnectError(reason);
  }

  /** The channel has drained. */
  drained(): void {
    this.flow.update();
    this.#observer?.drained();
    this.emit('drain');
  }

  /** The channel has ended: fails pending calls and aborts running requests. */
  ended(code: number, reason: string): void {
    this.#closed = true;
    this.#sender.end();
    const failure = (): Error => this.#failure(code, reason);
    this.#streams?.end(failure());
    this.#pendingCalls.failAll(failure);
    for (const controller of this.#controllers ?? []) controller.abort(disconnectError(reason));
    this.#controllers = undefined;
    this.#host.disconnected(this);
    this.#observer?.ended(this, code, reason);
    this.emit('disconnect', code, reason);
  }
}
