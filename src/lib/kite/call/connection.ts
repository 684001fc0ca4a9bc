import {
  type CallbackPath,
  type DnodeMessage,
  isProtocolViolation,
  parseMessage,
} from '../../dnode/dnode-message.js';
import type { AnyFunction } from '../../dnode/scrub.js';
import { unscrub } from '../../dnode/unscrub.js';
import { type KiteIdentity, parseIdentity } from '../../protocol/identity.js';
import type { Channel } from '../../transport/channel/channel.js';
import type { Clock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import type { Fragment } from '../../transport/channel/outgoing-message.js';
import { settleCall } from './settle-call.js';
import type { EnvelopePrefix } from './envelope-prefix.js';
import { disconnectError } from './call-errors.js';
import type { ConnectionEvents, ConnectionOptions } from './connection-options.js';
import { FlowControl } from './flow-control.js';
import { PendingCalls } from './pending-calls.js';
import type { AnyMethods } from './method-types.js';
import { type CallOptions, Peer } from './peer.js';
import { Receiver } from './receiver.js';
import { Sender, type SenderHost } from './sender.js';
import { type IncomingCall, isResponsePath, readCall } from './envelope.js';

export type { ConnectionEvents } from './connection-options.js';

/** What a connection needs of the kite at its own end. */
export interface ConnectionHost extends SenderHost {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds a call waits when the caller named no timeout. */
  readonly timeout: number;
  /** What recognises calls of a peer that calls again. Without it, each message is parsed as a whole. */
  newPrefixCache?(): CallPrefixCache;
  /** Answers a call through `connection.answer` or `connection.answerError`. Must not throw. */
  dispatch(connection: Connection, call: IncomingCall): void;
  disconnected(connection: Connection): void;
}

/** Recognises the calls of one peer by how they begin. */
export interface CallPrefixCache {
  /** Has the channel look out for calls that begin as this one does. */
  learn(text: string, channel: Channel): void;
  find(fragment: Fragment): EnvelopePrefix | undefined;
  /** What follows a beginning; undefined where the two have to be parsed together. */
  parse(rest: string): DnodeMessage | undefined;
  complete(known: EnvelopePrefix, message: DnodeMessage): IncomingCall;
}

/** One live channel with dnode on it: calls out and their answers, calls in, and functions handed over both ways. */
export class Connection extends Peer<AnyMethods, ConnectionEvents> {
  readonly role: 'accepted' | 'dialled';
  /** Who the peer is, where that is known without what its calls carry. */
  readonly username: string | undefined;
  /** How much of the peer's is taken in at a time. */
  readonly flow: FlowControl;
  /** While a call is dispatched: whether it is the peer's first. */
  firstCall = false;
  readonly #host: ConnectionHost;
  readonly #channel: Channel;
  readonly #trustRemote: readonly string[] | true | undefined;
  readonly #onEnd: ((code: number, reason: string) => void) | undefined;
  readonly #handed: PendingCalls;
  readonly #sender: Sender;
  #controllers: Set<AbortController> | undefined;
  #memory: CallPrefixCache | undefined;
  #claimed: unknown;
  #remote: KiteIdentity | undefined;
  #closed = false;
  #queue: Promise<void> | undefined;

  constructor(host: ConnectionHost, channel: Channel, options: ConnectionOptions) {
    super();
    this.#host = host;
    this.#channel = channel;
    this.role = options.role;
    this.username = options.username;
    this.flow = new FlowControl(channel, host.limits, options.role === 'accepted');
    this.#trustRemote = options.trustRemote;
    this.#onEnd = options.ended;
    this.#handed = new PendingCalls(host.clock);
    const { auth, timeout = host.timeout } = options;
    this.#sender = new Sender(host, { channel, flow: this.flow, pendingCalls: this.#handed, auth, timeout });
  }

  /** Begins to take in what the peer sends. */
  start(): void {
    this.#channel.start(new Receiver(this, (code, reason) => this.#ended(code, reason)));
  }

  override get remoteAddress(): string {
    return this.#channel.remoteAddress;
  }

  /** Who the peer says it is; undefined until it has called. Nothing of it is verified: see `Request.username`. */
  get kite(): KiteIdentity | undefined {
    if (!this.#remote && this.#claimed !== undefined) this.#remote = parseIdentity(this.#claimed);
    return this.#remote;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Calls that wait for the peer's answer, and functions that it may call. */
  get pendingCount(): number {
    return this.#handed.size;
  }

  /** Whether the peer may call `method` here without authentication. */
  trusts(method: string): boolean {
    const trusted = this.#trustRemote;
    return trusted !== undefined && (trusted === true || trusted.includes(method));
  }

  /** What later calls carry as `authentication`. */
  setAuth(auth: unknown): void {
    this.#sender.setAuth(auth);
  }

  override call<Result = unknown>(
    method: string,
    args: unknown[],
    options: CallOptions = {},
  ): Promise<Result> {
    return new Promise<unknown>((resolve, reject) => {
      // What this throws rejects the promise.
      this.#sender.call(method, args, options, resolve, reject);
    }) as Promise<Result>;
  }

  override forget(fn: AnyFunction): void {
    this.#handed.forget(fn);
  }

  override close(code?: number, reason?: string): void {
    this.#channel.close(code, reason);
  }

  /** Answers a call of the peer. A result that cannot be sent becomes an error that says why. */
  answer(call: IncomingCall, result: unknown, id: () => string): void {
    this.#sender.answer(call, result, id);
  }

  answerError(call: IncomingCall, error: unknown, id: string): void {
    this.#sender.answerError(call, error, id);
  }

  /** Takes in one message. Whatever it is, only this connection pays for it. */
  receive(text: string, prefix?: Fragment): void {
    if (this.#closed) return;
    try {
      if (prefix) this.#receiveAfter(prefix, text);
      else this.#receiveWhole(text);
    } catch (error) {
      const violation = isProtocolViolation(error) ? error : undefined;
      const reason = violation?.message ?? 'Internal error';
      this.#host.logger.warn(
        `${this.remoteAddress}: ${reason}${violation ? '' : `: ${String(error)}`}; closing`,
      );
      this.close(violation?.code ?? 1011, reason);
    }
  }

  #receiveWhole(text: string): void {
    const message = parseMessage(text, this.#host.limits);
    if (typeof message.method === 'number') {
      this.#callback(message.method, message);
      return;
    }
    this.#restore(message);
    const call = readCall(message.method, message.args, message.callbacks);
    const first = this.#claimed === undefined;
    this.#request(call);
    // Most callers call once. Who calls again is likely to go on.
    if (first || this.role === 'dialled') return;
    this.#memory ??= this.#host.newPrefixCache?.();
    this.#memory?.learn(text, this.#channel);
  }

  #receiveAfter(fragment: Fragment, rest: string): void {
    const memory = this.#memory;
    const known = memory?.find(fragment);
    const message = known && memory?.parse(rest);
    if (!memory || !known || !message) {
      this.#receiveWhole(fragment.text + rest);
      return;
    }
    this.#restore(message);
    this.#request(memory.complete(known, message));
  }

  /** Puts functions where the message says that they stand. Nearly every call carries one, that for its answer. */
  #restore({ args, callbacks }: DnodeMessage): void {
    const functions = callbacks?.filter((callback) => !isResponsePath(callback));
    if (functions && functions.length > 0) this.#unscrub(args, functions);
  }

  #request(call: IncomingCall): void {
    this.firstCall = this.#claimed === undefined;
    this.#claimed ??= call.kite ?? null;
    this.#host.dispatch(this, call);
  }

  #callback(number: number, { args, callbacks }: DnodeMessage): void {
    const entry = this.#handed.get(number);
    // Never given out, or forgotten: the answer to a call that timed out comes here too.
    if (entry === undefined) return;
    if (callbacks) this.#unscrub(args, callbacks);
    if (typeof entry === 'function') this.#invoke(entry, args);
    else settleCall(this.#handed.settle(number, entry), args);
  }

  #unscrub(args: unknown[], callbacks: readonly CallbackPath[]): void {
    unscrub(args, callbacks, (number) => this.#sender.stub(number));
  }

  #invoke(fn: AnyFunction, args: unknown[]): void {
    const failed = (error: unknown): void => {
      this.#host.logger.error(`A function that ${this.remoteAddress} called failed: ${String(error)}`);
    };
    try {
      const result: unknown = fn(...args);
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** Runs `task` after those queued before it: for kites whose calls are not to run side by side. */
  enqueue(task: () => Promise<void> | void): void {
    this.#queue = (this.#queue ?? Promise.resolve()).then(task);
  }

  /** A signal for one request, aborted when the peer is gone. `releaseSignal` when the request is over. */
  openSignal(): AbortController {
    const controller = new AbortController();
    if (this.#closed) controller.abort(disconnectError(''));
    else (this.#controllers ??= new Set()).add(controller);
    return controller;
  }

  releaseSignal(controller: AbortController): void {
    this.#controllers?.delete(controller);
  }

  /** The channel has ended: everything that waits on it learns so at once. */
  #ended(code: number, reason: string): void {
    this.#closed = true;
    this.#sender.end();
    this.#handed.failAll(() => disconnectError(reason));
    for (const controller of this.#controllers ?? []) controller.abort(disconnectError(reason));
    this.#controllers = undefined;
    this.#host.disconnected(this);
    this.#onEnd?.(code, reason);
    this.emit('disconnect', code, reason);
  }
}
