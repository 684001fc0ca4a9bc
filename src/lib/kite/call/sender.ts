import type { AnyFunction, ExtractedFunction } from '../../dnode/scrub.js';
import { Fragment, type Piece } from '../../transport/channel/outgoing-message.js';
import { messageOf } from '../../util/message-of.js';
import type { ConnectionLimits } from '../limits/kite-limits.js';
import type { ConnectionStreams } from '../streams/connection-streams.js';
import { ItemEntry } from '../streams/incoming-stream.js';
import type { StreamReader } from '../streams/stream-reader.js';
import type { CallbackScope } from '../callbacks/callback-scope.js';
import type { Logger } from '../../util/logger.js';
import { CallbackCaller } from './callback-caller.js';
import { abortedError, badTimeout, type FailedRequest, notSentError } from './call-errors.js';
import { deadlineField, inheritedTimeout, onAbort, optionFields } from './call-fields.js';
import { EncodedResult } from './encoded-result.js';
import {
  callMessage,
  callTail,
  cancelMessage,
  DRAINING_MESSAGE,
  encodedMessage,
  errorMessage,
  type IncomingCall,
  joinFields,
  NO_FIELD,
  numbersOf,
  releaseMessage,
  resultMessage,
} from './envelope.js';
import type { Negotiation } from './negotiation.js';
import { isStreamIn, Outbox, type OutboxHost, type OutboxOptions } from './outbox.js';
import type { CallOptions } from './peer.js';
import { isCall, type PendingCall, type PendingCalls } from './pending-calls.js';
import { StreamSender } from './stream-sender.js';

/** The interface of a kite to its senders. */
export interface SenderHost extends OutboxHost {
  readonly limits: ConnectionLimits;
  readonly logger: Logger;
  /** Default timeout of calls in milliseconds; 0 means none. */
  readonly timeout: number;
  /** Logs what a handler has thrown, and returns the error that its caller gets. Default: not logged, and the same error. */
  readonly handlerFailed?: ((error: unknown, request: FailedRequest) => unknown) | undefined;
  /** The start of each call of `method`, cached between calls. */
  methodFragment(method: string): Fragment;
}

export interface SenderOptions extends OutboxOptions {
  /** The connection of the sender. */
  readonly owner: {
    readonly streams: ConnectionStreams;
    readonly remoteAddress: string;
    keeps(fn: AnyFunction): boolean;
  };
  /** Timeout of calls in milliseconds; 0 means none. Default: that of the host. */
  readonly timeout: number | undefined;
}

/** What is answered: a call of a method, or of a callback. */
export type AnsweredCall = Pick<IncomingCall, 'method' | 'response'>;

/** Sends the messages of a connection: calls, responses, and calls of the peer's callbacks. */
export class Sender {
  readonly #host: SenderHost;
  readonly #outbox: Outbox;
  readonly #pendingCalls: PendingCalls;
  readonly #negotiation: Negotiation;
  readonly #owner: SenderOptions['owner'];
  readonly #timeout: number;
  /** Whether the program has set the timeout of this connection. */
  readonly #hasTimeout: boolean;
  /** The field for the timeout of this connection, cached. */
  #defaultDeadline: Fragment | undefined;
  /** Whether a warning about metadata that is not sent was logged. */
  #hasWarned = false;
  #streamSender: StreamSender | undefined;
  #callbacks: CallbackCaller | undefined;

  constructor(host: SenderHost, options: SenderOptions) {
    const { pendingCalls, negotiation, owner, timeout } = options;
    this.#host = host;
    this.#outbox = new Outbox(host, options);
    this.#pendingCalls = pendingCalls;
    this.#negotiation = negotiation;
    this.#owner = owner;
    this.#timeout = timeout ?? host.timeout;
    this.#hasTimeout = timeout !== undefined;
  }

  /** Sends what the streams of the connection consist of. */
  get streams(): StreamSender {
    return (this.#streamSender ??= new StreamSender({
      limits: this.#host.limits,
      outbox: this.#outbox,
      pendingCalls: this.#pendingCalls,
      negotiation: this.#negotiation,
      streams: this.#owner.streams,
    }));
  }

  /** Sets the `authentication` of later calls. */
  setAuth(auth: unknown): void {
    this.#outbox.setAuth(auth);
  }

  /** Stops sending when the channel has ended: calls throw, other messages are dropped. */
  end(): void {
    this.#outbox.end();
  }

  /** Calls a method of the peer. Throws if the call cannot be sent. */
  call(
    method: string,
    args: unknown[],
    options: CallOptions,
    resolve: (result: unknown) => void,
    reject: (error: unknown) => void,
    reader?: StreamReader,
  ): number {
    if (this.#outbox.ended) throw notSentError();
    const { signal, parent } = options;
    if (signal?.aborted) throw abortedError(signal.reason);
    parent?.signal.throwIfAborted();
    const hasFields = options.trace || options.metadata || parent;
    let fields: Piece = hasFields ? this.#optionFields(options) : NO_FIELD;
    const more = typeof fields === 'string' ? fields.length : 0;
    const scrubbed = this.#outbox.encode(args, `The arguments of "${method}"`, 'args', more, true);
    const { json, functions } = scrubbed;
    const hasStreams = functions?.some(isStreamIn) ?? false;
    if (functions && hasStreams) this.streams.check(functions);
    const { timeout: requested = hasStreams || (reader && parent) ? 0 : this.#timeout } = options;
    if (typeof requested !== 'number' || !(requested >= 0)) throw badTimeout(method, requested);
    const timeout = parent ? inheritedTimeout(requested, parent, method) : requested;
    const isScoped = hasStreams || options.callbacks !== 'connection';
    const shared = functions && isScoped ? this.#share(functions, options) : undefined;
    // The default timeout of a stream applies until it begins.
    const isLimited = !reader || options.timeout !== undefined || parent !== undefined;
    const callbacks = shared?.released;
    const items = reader && this.#negotiation.mayRead('stream') ? this.#shareItems(reader) : undefined;
    const pending: PendingCall = {
      method,
      resolve,
      reject,
      timeout,
      callbacks: items === undefined ? callbacks : [...(callbacks ?? []), items],
      unlisten: undefined,
      deadline: Infinity,
      stream: reader,
    };
    const number = this.#pendingCalls.open(pending);
    if (signal || parent) this.#listen(number, pending, options);
    if (reader && items !== undefined)
      fields = joinFields(fields, this.#accept(reader, items, number, isLimited ? undefined : pending));
    const start = this.#host.methodFragment(method);
    const deadline = isLimited ? this.#deadlineField(options, timeout) : NO_FIELD;
    fields = joinFields(joinFields(this.#negotiation.takeAnnouncement(), deadline), fields);
    const numbers = shared?.numbers ?? (functions ? numbersOf(functions, this.#pendingCalls) : NO_NUMBERS);
    const tail = callTail(functions, numbers, items);
    this.#outbox.sendEncoded(scrubbed, callMessage(start, this.#outbox.envelope, json, fields, number, tail));
    return number;
  }

  #optionFields(options: CallOptions): string {
    const { metadata, parent } = options;
    const isLost =
      !this.#negotiation.mayRead('metadata') && Object.keys({ ...parent?.metadata, ...metadata }).length > 0;
    if (isLost && !this.#hasWarned) {
      this.#hasWarned = true;
      this.#host.logger.warn(
        `The metadata of calls does not reach ${this.#owner.remoteAddress}, which does not speak the extension`,
      );
    }
    return optionFields(options, this.#negotiation, this.#host.limits);
  }

  #shareItems(reader: StreamReader): number {
    return this.#pendingCalls.shareForCall(new ItemEntry(reader));
  }

  /** Returns the field of a call that accepts a stream. `unlimited`: the call, if its timeout ends when the stream begins. */
  #accept(reader: StreamReader, items: number, number: number, unlimited: PendingCall | undefined): string {
    const begun = (): void => {
      if (unlimited) unlimited.deadline = Infinity;
    };
    return this.streams.accept(reader, items, begun, (error) => this.abandon(number, error));
  }

  /** Gives up a call when its signal or that of its parent aborts. */
  #listen(number: number, pending: PendingCall, { signal, parent }: CallOptions): void {
    pending.unlisten = onAbort(signal, parent, (reason) => {
      this.#pendingCalls.settle(number, pending).reject(reason);
      this.cancel(number);
    });
  }

  /** Registers the functions and streams in the arguments of a call. `released` are the numbers that end with the call. */
  #share(
    functions: readonly ExtractedFunction[],
    { callbacks }: CallOptions,
  ): { readonly released: number[]; readonly numbers: readonly number[] } {
    const released: number[] = [];
    const isKept = (fn: ExtractedFunction['fn']): fn is AnyFunction =>
      typeof fn === 'function' && (callbacks === 'connection' || this.#owner.keeps(fn));
    const shareForCall = (fn: ExtractedFunction['fn']): number => {
      const number = this.#pendingCalls.shareForCall(
        typeof fn === 'function' ? fn : this.streams.argument(fn),
      );
      released.push(number);
      return number;
    };
    const numbers = numbersOf(functions, {
      share: (fn) => (isKept(fn) ? this.#pendingCalls.share(fn) : shareForCall(fn)),
      shareAgain: (fn) => (isKept(fn) ? this.#pendingCalls.shareAgain(fn) : shareForCall(fn)),
    });
    return { released, numbers };
  }

  /** Gives up a call of this side. Without effect if it has ended. */
  abandon(number: number, reason: unknown): void {
    const entry = this.#pendingCalls.get(number);
    if (entry === undefined || !isCall(entry)) return;
    this.#pendingCalls.settle(number, entry).reject(reason);
    this.cancel(number);
  }

  /** Returns the field with the remaining time of a call. */
  #deadlineField({ timeout: own, parent }: CallOptions, timeout: number): Piece {
    const { extensions } = this.#negotiation;
    // The default of the kite is not sent: it would lengthen each call, and the caller cancels the call after it anyway.
    const isOfCall = own !== undefined || parent?.timeLeft !== undefined;
    if (!isOfCall && !this.#hasTimeout) return NO_FIELD;
    // Until the extensions of the peer are known, only a timeout that was set for this call is sent. Other peers ignore it.
    if (extensions ? !extensions.has('deadline') : !isOfCall) return NO_FIELD;
    return timeout === this.#timeout
      ? (this.#defaultDeadline ??= new Fragment(deadlineField(timeout)))
      : deadlineField(timeout);
  }

  /** Tells the peer that this side takes no new calls. */
  announceDraining(): void {
    if (!this.#outbox.ended) this.#outbox.send(DRAINING_MESSAGE);
  }

  /** Cancels a call at the peer, unless the peer is known not to speak the extension. */
  cancel(number: number): void {
    if (this.#outbox.ended || !this.#negotiation.mayRead('cancel')) return;
    this.#outbox.send(cancelMessage(number));
  }

  /** Responds to a call of the peer. If the result cannot be sent, the response is an error with the reason. */
  respond(call: AnsweredCall, result: unknown, request: FailedRequest): void {
    if (call.response === undefined || this.#outbox.ended) return;
    try {
      if (result instanceof EncodedResult) {
        this.#outbox.send(encodedMessage(call.response, result.pieces, this.#negotiation.takeAnnouncement()));
        return;
      }
      const scrubbed = this.#outbox.encode(result, `The result of "${call.method}"`, 'result');
      const { json, functions } = scrubbed;
      const fields = this.#negotiation.takeAnnouncement();
      this.#outbox.sendEncoded(
        scrubbed,
        resultMessage(call.response, json, fields, functions, this.#pendingCalls),
      );
    } catch (error) {
      // Not the error itself: an `argumentError` would blame the arguments of the caller.
      const failure = new Error(messageOf(error), { cause: error });
      this.respondError(call, this.#host.handlerFailed?.(failure, request) ?? failure.message, request.id);
    }
  }

  respondError(call: AnsweredCall, error: unknown, id: string): void {
    if (call.response === undefined || this.#outbox.ended) return;
    const encoded = this.#outbox.encodeError(error, id);
    const fields = this.#negotiation.takeAnnouncement();
    this.#outbox.sendEncoded(encoded, errorMessage(call.response, encoded.json, fields));
  }

  /** Releases functions of the peer that nothing here can call. */
  release(functions: readonly { readonly number: number }[]): void {
    if (this.#outbox.ended || !this.#negotiation.extensions?.has('callbackResults')) return;
    for (const { number } of functions) this.#outbox.send(releaseMessage(number));
  }

  /** Returns a function that calls a callback of the peer, which is in the arguments of a call if `scope` is set. */
  stub(number: number, scope?: CallbackScope): AnyFunction {
    this.#callbacks ??= new CallbackCaller({
      limits: this.#host.limits,
      logger: this.#host.logger,
      outbox: this.#outbox,
      pendingCalls: this.#pendingCalls,
      negotiation: this.#negotiation,
      timeout: this.#timeout,
    });
    return this.#callbacks.stub(number, scope);
  }

  /** Bytes that were sent and that the network has not accepted. */
  get backlog(): number {
    return this.#outbox.backlog;
  }

  /** Sends the messages that wait for the end of the turn of the event loop. */
  flush(): void {
    this.#outbox.flush();
  }
}

const NO_NUMBERS: readonly number[] = [];
