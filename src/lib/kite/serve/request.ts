import { type KiteIdentity, parseIdentity } from '../../protocol/identity.js';
import { type Metadata, NO_METADATA } from '../../protocol/metadata.js';
import { parseTrace, type TraceContext } from '../../protocol/trace-context.js';
import type { Timer } from '../../util/clock.js';
import { runGuarded } from '../../util/guard-listeners.js';
import { randomHex } from '../../util/random.js';
import type { StreamProducer } from '../streams/stream-producer.js';
import { deadlinePassed } from '../call/call-errors.js';
import { readDeadline } from '../call/call-fields.js';
import type { CallerIdentity } from '../call/caller-identity.js';
import type { Connection, ConnectionEvents } from '../call/connection.js';
import type { AnyMethods } from '../call/method-types.js';
import type { Peer } from '../call/peer.js';
import type { IncomingCall } from '../call/envelope.js';
import type { RequestContext } from './request-context.js';

/** A call, as its handler receives it. */
export class Request<Args extends readonly unknown[] = unknown[]> {
  readonly method: string;
  /**
   * The arguments. Functions among them are callbacks of the caller, which can be called until the call has ended, or longer if the
   * caller has shared them.
   */
  args: Args;
  /** The authenticated username of the caller. Empty if the method does not require authentication. */
  username = '';
  /** The authenticated caller, with its claims. Undefined if the method does not require authentication. */
  identity: CallerIdentity | undefined;
  /** Strings that the caller has sent with the call, by name, on an object without a prototype. They are claims of the caller. */
  metadata: Metadata = NO_METADATA;
  readonly #connection: Connection;
  readonly #call: IncomingCall;
  #context: RequestContext | undefined;
  #id: string | undefined;
  #kite: KiteIdentity | undefined;
  #controller: AbortController | undefined;
  #canceled: Error | undefined;
  /** Time of the monotonic clock at which the caller stops waiting. */
  #expiry: number | undefined;
  #deadline: number | undefined;
  #timer: Timer | undefined;
  #limit: Timer | undefined;
  /** Whether the limit of the method ends the work before the deadline of the caller, with an error of its own. */
  #limitIsFirst = false;
  #listeners: Set<() => void> | undefined;
  #released = false;
  /** @internal Whether the call was answered, or needs no answer any more. */
  ended = false;
  #expiredBy: Error | undefined;

  /** The stream that is being sent as the result. */
  #sending: Pick<StreamProducer, 'stop'> | undefined;

  constructor(connection: Connection, call: IncomingCall) {
    this.#connection = connection;
    this.#call = call;
    this.method = call.method;
    this.args = call.args as unknown as Args;
    const left = call.deadline === undefined ? undefined : readDeadline(call.deadline);
    if (call.scope) call.scope.request = this;
    if (left !== undefined) this.#expiry = connection.clock.monotonic() + left;
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

  /** What middleware and handlers of this call pass on to each other. Empty at first, and without a prototype. */
  get context(): RequestContext {
    return (this.#context ??= Object.create(null) as RequestContext);
  }

  /** The credentials of the call, unchecked: `{type, key}` or null. */
  get auth(): unknown {
    return this.#call.auth ?? null;
  }

  /**
   * Aborts when nobody waits for the response any more. The reason is a KiteError: `canceled` if the caller has given up,
   * `timeout` if its deadline or the time limit of the method has passed, or `disconnect` if it has disconnected. What a listener
   * throws is logged.
   */
  get signal(): AbortSignal {
    return (this.#controller ??= this.#openSignal()).signal;
  }

  #openSignal(): AbortController {
    if (this.#expiredBy || this.#released) {
      const ended = new AbortController();
      if (this.#expiredBy) ended.abort(this.#expiredBy);
      return ended;
    }
    const controller = this.#connection.openSignal();
    const { timeLeft } = this;
    this.#controller = controller;
    if (this.#canceled) controller.abort(this.#canceled);
    else if (timeLeft !== undefined && !this.#limitIsFirst) this.#expireAfter(timeLeft, controller);
    return controller;
  }

  /** Aborts the signal when the deadline passes. */
  #expireAfter(timeLeft: number, controller: AbortController): void {
    const expire = (): void => this.expire(deadlinePassed());
    if (timeLeft <= 0) {
      expire();
      return;
    }
    const timer = this.#connection.clock.setTimeout(expire, timeLeft);
    controller.signal.addEventListener('abort', () => timer.cancel(), { once: true });
    this.#timer = timer;
  }

  /**
   * When the caller stops waiting for the response: milliseconds since 1970, by the clock of this machine. Undefined if the caller
   * waits without end, or for its default timeout, after which it cancels the call.
   */
  get deadline(): number | undefined {
    const { timeLeft } = this;
    if (timeLeft !== undefined) this.#deadline ??= this.#connection.clock.now() + timeLeft;
    return this.#deadline;
  }

  /** How long the caller still waits, in milliseconds: at most 0 if the deadline has passed. Undefined if there is no deadline. */
  get timeLeft(): number | undefined {
    return this.#expiry === undefined ? undefined : this.#expiry - this.#connection.clock.monotonic();
  }

  /** The trace to which the call belongs, unverified. Undefined if the caller has sent none, or an invalid one. */
  get trace(): TraceContext | undefined {
    return parseTrace(this.#call.traceparent, this.#call.tracestate);
  }

  /**
   * Calls `listener` when the signal aborts. Returns a function that removes it. Unlike for the signal, Node does not warn about
   * more than ten listeners.
   */
  onAbort(listener: () => void): () => void {
    const listeners = (this.#listeners ??= this.#listen());
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  #listen(): Set<() => void> {
    const listeners = new Set<() => void>();
    this.signal.addEventListener('abort', () => {
      const failed = this.#connection.listenerFailed;
      for (const listener of listeners) runGuarded(failed, listener, []);
    });
    return listeners;
  }

  /** Whether the caller has given up this call, so that it gets no response. */
  get canceled(): boolean {
    return this.#canceled !== undefined;
  }

  /** @internal Stops a stream that is sent as the result when the caller gives up, or its deadline has passed. */
  sendWhileWaited(producer: Pick<StreamProducer, 'stop'>): void {
    this.#sending = producer;
    // The signal watches the deadline.
    if (this.timeLeft !== undefined) void this.signal;
  }

  /** @internal Called when the caller gives up. */
  cancel(reason: Error): void {
    if (this.#canceled) return;
    this.#canceled = reason;
    this.#controller?.abort(reason);
    this.#call.scope?.cancel(reason);
    this.#sending?.stop(reason);
  }

  /** @internal Whether the work has ended because a time limit has passed. The caller then gets no result. */
  get expired(): boolean {
    return this.#expiredBy !== undefined;
  }

  /** @internal Ends the work for this call, because a time limit has passed. */
  expire(reason: Error): void {
    this.#expiredBy = reason;
    this.#controller?.abort(reason);
    this.#call.scope?.cancel(reason);
    this.#sending?.stop(reason);
  }

  /** @internal Calls `exceeded` when the handler has run for `ms` milliseconds, unless the call ends before. */
  limit(ms: number, exceeded: () => void): void {
    const { clock } = this.#connection;
    const end = clock.monotonic() + ms;
    this.#limit = clock.setTimeout(exceeded, ms);
    if (this.#expiry !== undefined && this.#expiry < end) return;
    this.#expiry = end;
    this.#limitIsFirst = true;
  }

  /** Called when the request has ended: its signal does not abort after that. */
  release(): void {
    this.#released = true;
    this.ended = true;
    this.#limit?.cancel();
    this.#timer?.cancel();
    if (this.#controller) this.#connection.releaseSignal(this.#controller);
  }
}
