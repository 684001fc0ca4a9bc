import { type CallbackPath, type DnodeMessage, isProtocolViolation } from '../../dnode/dnode-message.js';
import { type AnyFunction, isDataItem } from '../../dnode/scrub.js';
import { unscrub } from '../../dnode/unscrub.js';
import type { ExtensionSet } from '../../protocol/extensions.js';
import { type KiteIdentity, parseIdentity } from '../../protocol/identity.js';
import type { ConnectionLimits } from '../limits/kite-limits.js';
import type { Channel } from '../../transport/channel/channel.js';
import type { Clock } from '../../util/clock.js';
import { runGuarded } from '../../util/guard-listeners.js';
import { record } from '../../util/record.js';
import { messageOf } from '../../util/message-of.js';
import type { Logger } from '../../util/logger.js';
import type { Fragment } from '../../transport/channel/outgoing-message.js';
import { settleCall } from './settle-call.js';
import { needsExtension, type TaggedPlace, untagged } from './tagged-message.js';
import type { EnvelopePrefix } from './envelope-prefix.js';
import { canceledError, disconnectError } from './call-errors.js';
import type { ConnectionEvents, ConnectionOptions } from './connection-options.js';
import type { ConnectionCredential } from './connection-credential.js';
import { FlowControl } from './flow-control.js';
import { Negotiation } from './negotiation.js';
import { type PendingCall, PendingCalls } from './pending-calls.js';
import type { AnyMethods } from './method-types.js';
import { type CallOptions, Peer } from './peer.js';
import { Receiver } from './receiver.js';
import { Sender, type SenderHost } from './sender.js';
import { CANCEL, type IncomingCall, isResponsePath, readCall } from './envelope.js';

export type { ConnectionEvents } from './connection-options.js';

/** The interface of a kite to its connections. */
export interface ConnectionHost extends SenderHost {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Creates the cache of call prefixes of a connection. Without it, each message is parsed as a whole. */
  newPrefixCache?(): CallPrefixCache;
  /** Runs a call, and responds with `connection.respond` or `connection.respondError`. Must not throw. */
  dispatch(connection: Connection, call: IncomingCall): void;
  disconnected(connection: Connection): void;
}

/** A call that runs. */
export interface RunningCall {
  /** The caller has given up. */
  cancel(reason: Error): void;
}

/** Recognizes the calls of a peer by their common prefix, so that only the rest of each call has to be parsed. */
export interface CallPrefixCache {
  /** Makes the channel recognize calls that have the same prefix as this one. */
  learn(text: string, channel: Channel): void;
  find(fragment: Fragment): EnvelopePrefix | undefined;
  /** Parses the part after a prefix. Returns undefined if the two have to be parsed together. */
  parse(rest: string): DnodeMessage | undefined;
  complete(prefix: EnvelopePrefix, message: DnodeMessage): IncomingCall;
}

/** A live channel with dnode on it: calls, responses and callbacks in both directions. */
export class Connection extends Peer<AnyMethods, ConnectionEvents> {
  readonly role: 'accepted' | 'dialed';
  /** User of the peer, if the channel has authenticated it. */
  readonly username: string | undefined;
  /** Limits how much is read from the peer at a time. */
  readonly flow: FlowControl;
  /** The credential of the last authenticated call; set by the authenticator. */
  credential: ConnectionCredential | undefined;
  /** Whether the call that is being dispatched is the first of the peer. */
  firstCall = false;
  readonly #host: ConnectionHost;
  readonly #channel: Channel;
  readonly #trustRemote: readonly string[] | true | undefined;
  readonly #onEnd: ((code: number, reason: string) => void) | undefined;
  readonly #pendingCalls: PendingCalls;
  readonly #sender: Sender;
  readonly #negotiation = new Negotiation();
  #controllers: Set<AbortController> | undefined;
  /** The calls of the peer that it can cancel, by the number of its callback. */
  #running: Map<unknown, RunningCall> | undefined;
  #prefixes: CallPrefixCache | undefined;
  /** The identity in the first call of the peer, unparsed and unverified; null if that call has none. */
  #claimedKite: unknown;
  #kite: KiteIdentity | undefined;
  #closed = false;
  #queue: Promise<void> | undefined;

  constructor(host: ConnectionHost, channel: Channel, options: ConnectionOptions) {
    super(host.logger);
    this.#host = host;
    this.#channel = channel;
    this.role = options.role;
    this.username = options.username;
    this.flow = new FlowControl(channel, host.limits, options.role === 'accepted');
    this.#trustRemote = options.trustRemote;
    this.#onEnd = options.ended;
    this.#pendingCalls = new PendingCalls(host.clock, (number) => this.#sender.cancel(number));
    const { auth, timeout } = options;
    this.#sender = new Sender(host, {
      channel,
      flow: this.flow,
      pendingCalls: this.#pendingCalls,
      negotiation: this.#negotiation,
      auth,
      timeout,
    });
  }

  /** Starts to receive messages of the peer. */
  start(): void {
    this.#channel.start(new Receiver(this, (code, reason) => this.#ended(code, reason)));
  }

  override get backlog(): number {
    return this.#channel.bufferedBytes;
  }

  get limits(): ConnectionLimits {
    return this.#host.limits;
  }

  get clock(): Clock {
    return this.#host.clock;
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

  /** Whether the peer may call `method` here without authentication. */
  trusts(method: string): boolean {
    const trusted = this.#trustRemote;
    return trusted !== undefined && (trusted === true || trusted.includes(method));
  }

  /** The peer has authenticated itself in a call. */
  authenticated(): void {
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
    // The call has to wait until the peer has named its extensions. Its ping is answered by every kite.
    if (!this.extensions && !isDataItem(args, this.#host.limits.messageDepth) && needsExtension(args))
      return this.#ping(options).then(() => this.call<Result>(method, args, options));
    return new Promise<unknown>((resolve, reject) => {
      // An exception here rejects the promise.
      this.#sender.call(method, args, options, resolve, reject);
    }) as Promise<Result>;
  }

  /** Makes the peer name its extensions. A peer that rejects the ping has named none. */
  async #ping({ signal, timeout }: CallOptions): Promise<void> {
    const options = { ...(signal && { signal }), ...(timeout !== undefined && { timeout }) };
    await this.call('kite.ping', [], options).catch((error: unknown) => {
      if (this.extensions === undefined) throw error;
    });
  }

  override forget(fn: AnyFunction): void {
    this.#pendingCalls.forget(fn);
  }

  override close(code?: number, reason?: string): void {
    this.#channel.close(code, reason);
  }

  /** Responds to a call of the peer. If the result cannot be sent, the response is an error with the reason. */
  respond(call: IncomingCall, result: unknown, id: () => string): void {
    this.#sender.respond(call, result, id);
  }

  respondError(call: IncomingCall, error: unknown, id: string): void {
    this.#sender.respondError(call, error, id);
  }

  /** Handles one message. Does not throw: an invalid message closes this connection. */
  receive(text: string, prefix?: Fragment): void {
    if (this.#closed) return;
    try {
      if (prefix) this.#receiveAfterPrefix(prefix, text);
      else this.#receiveWhole(text);
    } catch (error) {
      this.#host.logger.warn(`${this.remoteAddress}: ${messageOf(error)}; closing`);
      if (isProtocolViolation(error)) this.close(error.code, error.message);
      else this.close(1011, 'Internal error');
    }
  }

  #receiveWhole(text: string): void {
    const message = this.#host.json.parse(text, this.#host.limits);
    if (typeof message.method === 'number') {
      this.#callback(message.method, message);
      return;
    }
    this.#restore(message);
    const call = readCall(message.method, this.#untag(message, [message.args[0], 'withArgs']));
    const first = this.#claimedKite === undefined;
    this.#dispatch(call);
    // Most callers make one call. A caller that makes a second one is likely to make more.
    if (first || this.role === 'dialed') return;
    this.#prefixes ??= this.#host.newPrefixCache?.();
    this.#prefixes?.learn(text, this.#channel);
  }

  #receiveAfterPrefix(fragment: Fragment, rest: string): void {
    const prefixes = this.#prefixes;
    const prefix = prefixes?.find(fragment);
    const message = prefix && prefixes?.parse(rest);
    if (!prefixes || !prefix || !message) {
      this.#receiveWhole(fragment.text + rest);
      return;
    }
    this.#restore(message);
    this.#dispatch(prefixes.complete(prefix, this.#untag(message, [message.args[0], 'withArgs'])));
  }

  /** Replaces callback references with stubs. Nearly every call has one, for its response, which needs no stub. */
  #restore({ args, callbacks }: DnodeMessage): void {
    const functions = callbacks?.filter((callback) => !isResponsePath(callback));
    if (functions && functions.length > 0) this.#unscrub(args, functions);
  }

  /** Restores the tagged values of a message, in place: those of one field, or all. */
  #untag(message: DnodeMessage, place: TaggedPlace): DnodeMessage {
    return message.tagged === true ? untagged(message, place, this.#host.limits) : message;
  }

  #dispatch(call: IncomingCall): void {
    if (call.method === CANCEL && call.response === undefined) {
      this.#running?.get(call.args[0])?.cancel(canceledError());
      return;
    }
    if (!this.#negotiation.extensions) this.#negotiation.heard(call.extensions);
    this.firstCall = this.#claimedKite === undefined;
    this.#claimedKite ??= call.kite ?? null;
    this.#host.dispatch(this, call);
  }

  #callback(number: number, received: DnodeMessage): void {
    const { args, callbacks } = received;
    const entry = this.#pendingCalls.get(number);
    if (!this.#negotiation.extensions && typeof entry !== 'function') this.#heardAnswer(args, entry);
    // Unknown or forgotten numbers are ignored: the response to a call that timed out has one.
    if (entry === undefined) return;
    if (callbacks) this.#unscrub(args, callbacks);
    const message = this.#untag(received, typeof entry === 'function' ? undefined : [args[0], 'result']);
    const { problem } = message;
    if (typeof entry === 'function') this.#invoke(problem ? () => Promise.reject(problem) : entry, args);
    else settleCall(this.#pendingCalls.settle(number, entry), message);
  }

  /** Reads the list in the first answer of the peer, even if its call has timed out. */
  #heardAnswer([answer]: readonly unknown[], call: PendingCall | undefined): void {
    const { extensions, result } = record(answer);
    if (call || (Array.isArray(extensions) && result !== undefined)) this.#negotiation.heard(extensions);
  }

  #unscrub(args: unknown[], callbacks: readonly CallbackPath[]): void {
    unscrub(args, callbacks, (number) => this.#sender.stub(number));
  }

  #invoke(fn: AnyFunction, args: unknown[]): void {
    const failed = (error: unknown): void =>
      this.#host.logger.error(`A function that ${this.remoteAddress} called failed: ${messageOf(error)}`);
    runGuarded(failed, fn as (...values: unknown[]) => unknown, args);
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

  /** Returns a controller that aborts when the peer disconnects. Call `releaseSignal` when the request has ended. */
  openSignal(): AbortController {
    const controller = new AbortController();
    if (this.#closed) controller.abort(disconnectError(''));
    else (this.#controllers ??= new Set()).add(controller);
    return controller;
  }

  releaseSignal(controller: AbortController): void {
    this.#controllers?.delete(controller);
  }

  /** The channel has ended: fails pending calls and aborts running requests. */
  #ended(code: number, reason: string): void {
    this.#closed = true;
    this.#sender.end();
    this.#pendingCalls.failAll(() => disconnectError(reason));
    for (const controller of this.#controllers ?? []) controller.abort(disconnectError(reason));
    this.#controllers = undefined;
    this.#host.disconnected(this);
    this.#onEnd?.(code, reason);
    this.emit('disconnect', code, reason);
  }
}
