import { type CallbackPath, type DnodeMessage, ProtocolViolation, parseMessage } from '../dnode/message.js';
import { type AnyFunction, type Scrubbed, scrub } from '../dnode/scrub.js';
import { unscrub } from '../dnode/unscrub.js';
import { fromWireError, toWireError } from '../protocol/errors.js';
import { type KiteIdentity, parseIdentity } from '../protocol/identity.js';
import type { Channel, ChannelReceiver } from '../util/channel.js';
import type { Clock } from '../util/clock.js';
import type { Limits } from '../util/limits.js';
import type { Logger } from '../util/logger.js';
import type { Fragment } from '../util/message.js';
import { exceedsBytes } from '../util/utf8.js';
import type { CallPrefix } from './call-prefix.js';
import { disconnectError, notAnError, tooLarge, tooManyCallbacks, unsendable } from './call-errors.js';
import { Flow } from './flow.js';
import { Handed, type PendingCall } from './handed.js';
import type { AnyMethods } from './method-types.js';
import { type CallOptions, Peer } from './peer.js';
import {
  callMessage,
  callbackMessage,
  errorMessage,
  type IncomingCall,
  isResponsePath,
  readCall,
  resultMessage,
} from './wire.js';

/** What a connection needs of the kite at its own end. */
export interface ConnectionHost {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds a call waits when the caller named no timeout. */
  readonly timeout: number;
  /** What every call with this `authentication` carries, kept between connections. */
  envelopeFragment(auth: unknown): Fragment;
  /** The start of each call of `method`, kept between calls. */
  methodFragment(method: string): Fragment;
  /** What recognises calls of a peer that calls again. Without it, each message is parsed as a whole. */
  newMemory?(): CallMemory;
  /** Answers a call through `connection.answer` or `connection.answerError`. Must not throw. */
  dispatch(connection: Connection, call: IncomingCall): void;
  disconnected(connection: Connection): void;
}

/** Recognises the calls of one peer by how they begin. */
export interface CallMemory {
  /** Has the channel look out for calls that begin as this one does. */
  learn(text: string, channel: Channel): void;
  find(fragment: Fragment): CallPrefix | undefined;
  /** What follows a beginning; undefined where the two have to be parsed together. */
  parse(rest: string): DnodeMessage | undefined;
  complete(known: CallPrefix, message: DnodeMessage): IncomingCall;
}

export interface ConnectionOptions {
  /** Who opened the connection. Only an accepted one pauses a peer that does not read: were both to, neither might go on. */
  readonly role: 'accepted' | 'dialled';
  /** Methods that the peer may call without authentication; `true` = all. Default none. */
  readonly trustRemote?: readonly string[] | true | undefined;
  /** Who the peer is, where that is known without what its calls carry. */
  readonly username?: string | undefined;
  /** What calls carry as `authentication`. Default null. */
  readonly auth?: unknown;
  /** Milliseconds; default the host's. */
  readonly timeout?: number | undefined;
  /** Called when the connection has ended, before the event. */
  readonly ended?: (code: number, reason: string) => void;
}

export type ConnectionEvents = {
  /** The connection has ended: WebSocket close code and reason. */
  disconnect: [code: number, reason: string];
};

/** One live channel with dnode on it: calls out and their answers, calls in, and functions handed over both ways. */
export class Connection extends Peer<AnyMethods, ConnectionEvents> {
  readonly role: 'accepted' | 'dialled';
  /** Who the peer is, where that is known without what its calls carry. */
  readonly username: string | undefined;
  /** How much of the peer's is taken in at a time. */
  readonly flow: Flow;
  /** While a call is dispatched: whether it is the peer's first. */
  firstCall = false;
  readonly #host: ConnectionHost;
  readonly #channel: Channel;
  readonly #trustRemote: readonly string[] | true | undefined;
  readonly #timeout: number;
  readonly #onEnd: ((code: number, reason: string) => void) | undefined;
  readonly #handed: Handed;
  #envelope: Fragment;
  #controllers: Set<AbortController> | undefined;
  #memory: CallMemory | undefined;
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
    this.flow = new Flow(channel, host.limits, options.role === 'accepted');
    this.#trustRemote = options.trustRemote;
    this.#timeout = options.timeout ?? host.timeout;
    this.#onEnd = options.ended;
    this.#handed = new Handed(host.clock);
    this.#envelope = host.envelopeFragment(options.auth);
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
  get handedCount(): number {
    return this.#handed.size;
  }

  /** Whether the peer may call `method` here without authentication. */
  trusts(method: string): boolean {
    const trusted = this.#trustRemote;
    return trusted !== undefined && (trusted === true || trusted.includes(method));
  }

  /** What later calls carry as `authentication`. */
  setAuth(auth: unknown): void {
    this.#envelope = this.#host.envelopeFragment(auth);
  }

  override call<Result = unknown>(
    method: string,
    args: unknown[],
    options: CallOptions = {},
  ): Promise<Result> {
    return new Promise<unknown>((resolve, reject) => {
      // What this throws rejects the promise.
      this.#call(method, args, options, resolve, reject);
    }) as Promise<Result>;
  }

  #call(
    method: string,
    args: unknown[],
    options: CallOptions,
    resolve: (result: unknown) => void,
    reject: (error: unknown) => void,
  ): void {
    if (this.#closed) throw disconnectError('');
    const { signal, timeout = this.#timeout } = options;
    signal?.throwIfAborted();
    const { json, functions } = this.#scrub(args, `The arguments of "${method}"`);
    const callbacks =
      options.callbacks === 'call' && functions
        ? functions.map(({ fn }) => this.#handed.lend(fn))
        : undefined;
    const abort = signal && ((): void => this.#handed.settle(number, pending).reject(signal.reason));
    const unlisten = abort && ((): void => signal.removeEventListener('abort', abort));
    if (abort) signal.addEventListener('abort', abort);
    const pending: PendingCall = {
      method,
      resolve,
      reject,
      timeout,
      callbacks,
      unlisten,
      deadline: Infinity,
    };
    const number = this.#handed.open(pending);
    const lent = callbacks?.values();
    const sharer = lent ? { share: (): number => lent.next().value ?? 0 } : this.#handed;
    this.#channel.send(
      callMessage(this.#host.methodFragment(method), this.#envelope, json, number, functions, sharer),
    );
    this.flow.update();
  }

  override forget(fn: AnyFunction): void {
    this.#handed.forget(fn);
  }

  override close(code?: number, reason?: string): void {
    this.#channel.close(code, reason);
  }

  /** Answers a call of the peer. A result that cannot be sent becomes an error that says why. */
  answer(call: IncomingCall, result: unknown, id: () => string): void {
    if (call.response === undefined || this.#closed) return;
    try {
      const { json, functions } = this.#scrub(result, `The result of "${call.method}"`);
      this.#channel.send(resultMessage(call.response, json, functions, this.#handed));
      this.flow.update();
    } catch (error) {
      // The fault is the handler's, not that of the caller's arguments.
      this.answerError(call, error instanceof Error ? error.message : String(error), id());
    }
  }

  answerError(call: IncomingCall, error: unknown, id: string): void {
    if (call.response === undefined || this.#closed) return;
    this.#channel.send(errorMessage(call.response, toWireError(error, id)));
    this.flow.update();
  }

  /** Takes in one message. Whatever it is, only this connection pays for it. */
  receive(text: string, prefix?: Fragment): void {
    if (this.#closed) return;
    try {
      if (prefix) this.#receiveAfter(prefix, text);
      else this.#receiveWhole(text);
    } catch (error) {
      const violation = error instanceof ProtocolViolation ? error : undefined;
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
    this.#memory ??= this.#host.newMemory?.();
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
    unscrub(args, callbacks, (number) => this.#stub(number));
  }

  /** A function of the peer, as something to call. */
  #stub(number: number): AnyFunction {
    return (...args: unknown[]): void => {
      if (this.#closed) return;
      const { json, functions } = this.#scrub(args, 'The arguments of a callback');
      this.#channel.send(callbackMessage(number, json, functions, this.#handed));
      this.flow.update();
    };
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

  #scrub(value: unknown, what: string): Scrubbed {
    const { messageDepth, messageBytes, callbacksPerMessage, callbacksPerConnection } = this.#host.limits;
    let scrubbed: Scrubbed;
    try {
      scrubbed = scrub(value, messageDepth - ENVELOPE_DEPTH);
    } catch (error) {
      throw unsendable(what, error);
    }
    if (exceedsBytes(scrubbed.json, messageBytes - this.#envelope.text.length))
      throw tooLarge(what, messageBytes);
    const count = scrubbed.functions?.length ?? 0;
    if (count >= callbacksPerMessage) throw unsendable(what, new Error(`It carries ${count} functions`));
    if (count > 0 && this.#handed.size + count > callbacksPerConnection)
      throw tooManyCallbacks(callbacksPerConnection);
    return scrubbed;
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
    this.#handed.end(() => disconnectError(reason));
    for (const controller of this.#controllers ?? []) controller.abort(disconnectError(reason));
    this.#controllers = undefined;
    this.#host.disconnected(this);
    this.#onEnd?.(code, reason);
    this.emit('disconnect', code, reason);
  }
}

// Levels of nesting that the wire form of a call adds to its arguments.
const ENVELOPE_DEPTH = 4;

function settleCall(call: PendingCall, args: readonly unknown[]): void {
  const answer = readAnswer(args);
  if (!answer) call.reject(notAnError());
  else if (answer.error === null || answer.error === undefined) call.resolve(answer.result);
  else call.reject(fromWireError(answer.error));
}

/** `{error, result}` as kites answer, or the two one after the other, as clients of `kite.js` do. */
function readAnswer(args: readonly unknown[]): { error?: unknown; result?: unknown } | undefined {
  const [first, second = null] = args;
  if (args.length > 1 || first === null) return { error: first, result: second };
  return typeof first === 'object' ? first : undefined;
}

class Receiver implements ChannelReceiver {
  readonly #connection: Connection;
  readonly #ended: (code: number, reason: string) => void;

  constructor(connection: Connection, ended: (code: number, reason: string) => void) {
    this.#connection = connection;
    this.#ended = ended;
  }

  message(text: string, prefix?: Fragment): void {
    this.#connection.receive(text, prefix);
  }

  drain(): void {
    this.#connection.flow.update();
  }

  close(code: number, reason: string): void {
    this.#ended(code, reason);
  }
}
