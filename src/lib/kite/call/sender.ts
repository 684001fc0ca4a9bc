import type { MessageJson } from '../../dnode/message-json.js';
import type { AnyFunction, ExtractedFunction, Scrubbed } from '../../dnode/scrub.js';
import { formatPath } from '../../dnode/value-tags.js';
import { KiteError, toWireError } from '../../protocol/errors.js';
import type { Channel } from '../../transport/channel/channel.js';
import type { ConnectionLimits } from '../limits/kite-limits.js';
import { messageOf } from '../../util/message-of.js';
import {
  Fragment,
  type Message,
  messageLength,
  type Piece,
} from '../../transport/channel/outgoing-message.js';
import { exceedsBytes } from '../../util/utf8.js';
import type { ConnectionStreams } from '../streams/connection-streams.js';
import { type EndEntry, IncomingStream, ItemEntry } from '../streams/incoming-stream.js';
import { StreamArgument } from '../streams/stream-argument.js';
import type { StreamReader } from '../streams/stream-reader.js';
import type { StreamWindow } from '../streams/stream-window.js';
import { disconnectError, tooLarge, tooManyCallbacks, cannotSend, misplacedStream } from './call-errors.js';
import type { FlowControl } from './flow-control.js';
import type { Negotiation } from './negotiation.js';
import { isCall, type PendingCalls, type PendingCall } from './pending-calls.js';
import type { CallOptions } from './peer.js';
import { deadlineField, inheritedTimeout, optionFields, type ParentRequest } from './call-fields.js';
import { EncodedResult } from './encoded-result.js';
import {
  callMessage,
  callbackMessage,
  type CallbackRegistry,
  cancelMessage,
  creditMessage,
  encodedMessage,
  errorMessage,
  openMessage,
  type IncomingCall,
  NO_FIELD,
  resultMessage,
  streamField,
  withTags,
} from './envelope.js';

/** The interface of a kite to its senders. */
export interface SenderHost {
  readonly limits: ConnectionLimits;
  /** Default timeout of calls in milliseconds; 0 means none. */
  readonly timeout: number;
  readonly json: MessageJson;
  /** The part of each call with this `authentication`, cached between connections. */
  envelopeFragment(auth: unknown): Fragment;
  /** The start of each call of `method`, cached between calls. */
  methodFragment(method: string): Fragment;
}

export interface SenderOptions {
  readonly channel: Channel;
  readonly flow: FlowControl;
  readonly pendingCalls: PendingCalls;
  readonly negotiation: Negotiation;
  /** The connection of the sender. */
  readonly owner: { readonly streams: ConnectionStreams; keeps(fn: AnyFunction): boolean };
  /** The `authentication` of calls. */
  readonly auth: unknown;
  /** Timeout of calls in milliseconds; 0 means none. Default: that of the host. */
  readonly timeout: number | undefined;
}

/** Sends the messages of a connection: calls, responses, and calls of the peer's callbacks. */
export class Sender {
  readonly #host: SenderHost;
  readonly #channel: Channel;
  readonly #flow: FlowControl;
  readonly #pendingCalls: PendingCalls;
  readonly #negotiation: Negotiation;
  readonly #owner: SenderOptions['owner'];
  readonly #timeout: number;
  /** Whether the program has set the timeout of this connection. */
  readonly #hasTimeout: boolean;
  #envelope: Fragment;
  /** The field for the timeout of this connection, cached. */
  #defaultDeadline: Fragment | undefined;
  #ended = false;

  constructor(
    host: SenderHost,
    { channel, flow, pendingCalls, negotiation, owner, auth, timeout }: SenderOptions,
  ) {
    this.#host = host;
    this.#channel = channel;
    this.#flow = flow;
    this.#pendingCalls = pendingCalls;
    this.#negotiation = negotiation;
    this.#owner = owner;
    this.#timeout = timeout ?? host.timeout;
    this.#hasTimeout = timeout !== undefined;
    this.#envelope = host.envelopeFragment(auth);
  }

  get #streams(): ConnectionStreams {
    return this.#owner.streams;
  }

  /** Sets the `authentication` of later calls. */
  setAuth(auth: unknown): void {
    this.#envelope = this.#host.envelopeFragment(auth);
  }

  /** Stops sending when the channel has ended: calls throw, other messages are dropped. */
  end(): void {
    this.#ended = true;
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
    if (this.#ended) throw disconnectError('');
    const { signal, parent } = options;
    signal?.throwIfAborted();
    parent?.signal.throwIfAborted();
    const hasFields = options.trace || options.metadata || parent;
    let fields = hasFields ? optionFields(options, this.#negotiation, this.#host.limits) : NO_FIELD;
    const more = typeof fields === 'string' ? fields.length : 0;
    const scrubbed = this.#scrub(args, `The arguments of "${method}"`, 'args', more, true);
    const { json, functions } = scrubbed;
    const hasStreams = functions?.some(isStreamIn) ?? false;
    if (hasStreams) this.#checkStreams(functions);
    const { timeout: requested = hasStreams || (reader && parent) ? 0 : this.#timeout } = options;
    const timeout = parent ? inheritedTimeout(requested, parent, method) : requested;
    const isScoped = hasStreams || options.callbacks !== 'connection';
    const shared = functions && isScoped ? this.#share(functions, options) : undefined;
    // The default timeout of a stream applies until it begins.
    const isLimited = !reader || options.timeout !== undefined || parent !== undefined;
    let callbacks = shared?.released;
    let items: number | undefined;
    if (reader && this.#negotiation.mayRead('stream')) {
      items = this.#pendingCalls.shareForCall(new ItemEntry(reader));
      fields = this.#acceptItems(
        fields,
        reader,
        items,
        () => {
          if (!isLimited) pending.deadline = Infinity;
        },
        (error) => this.abandon(number, error),
      );
      callbacks = [...(callbacks ?? []), items];
    }
    const unlisten =
      signal || parent
        ? onAbort(signal, parent, (reason) => {
            this.#pendingCalls.settle(number, pending).reject(reason);
            this.cancel(number);
          })
        : undefined;
    const pending: PendingCall = {
      method,
      resolve,
      reject,
      timeout,
      callbacks,
      unlisten,
      deadline: Infinity,
    };
    const number = this.#pendingCalls.open(pending);
    const registry: CallbackRegistry = shared ?? this.#pendingCalls;
    const start = this.#host.methodFragment(method);
    const announcement = this.#negotiation.takeAnnouncement();
    const deadline = isLimited ? this.#deadlineField(options, timeout) : NO_FIELD;
    this.#sendTagged(
      scrubbed,
      callMessage(
        start,
        this.#envelope,
        json,
        announcement,
        deadline,
        fields,
        number,
        functions,
        registry,
        items,
      ),
    );
    return number;
  }

  /** Returns the fields of a call that accepts a stream as result. */
  #acceptItems(
    fields: Piece,
    reader: StreamReader,
    items: number,
    begun: () => void,
    violated: (error: Error) => void,
  ): string {
    const grant = (count: number): void => {
      if (!this.#ended) this.#send(creditMessage(items, count));
    };
    const window = reader.attach(this.#streams.budget, { begun, grant, violated });
    return (typeof fields === 'string' ? fields : '') + streamField(window);
  }

  /** @throws KiteError `argumentError` if the peer does not accept streams */
  #checkStreams(functions: readonly ExtractedFunction[] | undefined): void {
    if (this.#negotiation.extensions?.has('stream')) return;
    const path = functions?.find(isStreamIn)?.path ?? [];
    throw new KiteError('argumentError', `args${formatPath(path)}: a stream cannot be sent to this peer`);
  }

  /** Registers the functions and streams in the arguments of a call. `released` are the numbers that end with the call. */
  #share(
    functions: readonly ExtractedFunction[],
    { callbacks }: CallOptions,
  ): CallbackRegistry & { readonly released: number[] } {
    const released: number[] = [];
    const numbers = functions.map(({ fn }) => {
      if (typeof fn === 'function' && (callbacks === 'connection' || this.#owner.keeps(fn)))
        return this.#pendingCalls.share(fn);
      const number = this.#pendingCalls.shareForCall(
        typeof fn === 'function'
          ? fn
          : new StreamArgument(fn, {
              limits: this.#host.limits,
              drained: () => this.#streams.drained(),
              sendItem: (next, item) => this.sendItem(next, item),
              sendEnd: (end, error) => this.#sendEnd(end, error),
            }),
      );
      released.push(number);
      return number;
    });
    const next = numbers.values();
    return { released, share: () => next.next().value ?? 0 };
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

  /** Cancels a call at the peer, unless the peer is known not to speak the extension. */
  cancel(number: number): void {
    if (this.#ended || !this.#negotiation.mayRead('cancel')) return;
    this.#send(cancelMessage(number));
  }

  /** Responds to a call of the peer. If the result cannot be sent, the response is an error with the reason. */
  respond(call: IncomingCall, result: unknown, id: () => string): void {
    if (call.response === undefined || this.#ended) return;
    try {
      if (result instanceof EncodedResult) {
        this.#send(encodedMessage(call.response, result.pieces, this.#negotiation.takeAnnouncement()));
        return;
      }
      const scrubbed = this.#scrub(result, `The result of "${call.method}"`, 'result');
      const { json, functions } = scrubbed;
      const fields = this.#negotiation.takeAnnouncement();
      this.#sendTagged(scrubbed, resultMessage(call.response, json, fields, functions, this.#pendingCalls));
    } catch (error) {
      // Only the message: an `argumentError` would blame the arguments of the caller.
      this.respondError(call, messageOf(error), id());
    }
  }

  respondError(call: IncomingCall, error: unknown, id: string): void {
    if (call.response === undefined || this.#ended) return;
    const fields = this.#negotiation.takeAnnouncement();
    this.#send(errorMessage(call.response, toWireError(error, id), fields));
  }

  /** Returns a function that calls a callback of the peer. */
  stub(number: number): AnyFunction {
    return (...args: unknown[]): void => {
      if (this.#ended) return;
      const scrubbed = this.#scrub(args, 'The arguments of a callback', 'args');
      const { json, functions } = scrubbed;
      this.#sendTagged(scrubbed, callbackMessage(number, json, functions, this.#pendingCalls));
    };
  }

  /** Sends an item of a stream to a function of the peer. Returns the size of the message. */
  sendItem(number: number, item: unknown): number {
    if (this.#ended) return 0;
    const scrubbed = this.#scrub([item], 'The item of a stream', 'item');
    const { json, functions } = scrubbed;
    return messageLength(
      this.#sendTagged(scrubbed, callbackMessage(number, json, functions, this.#pendingCalls)),
    );
  }

  /** Tells the peer that the items for its function will follow. */
  beginStream(number: number): void {
    this.#callFunction(number, '[]');
  }

  #callFunction(number: number, json: string): void {
    if (!this.#ended) this.#send(callbackMessage(number, json, undefined, this.#pendingCalls));
  }

  /** Returns the size of an item in JSON. Throws if it cannot be sent. */
  measure(item: unknown): number {
    return this.#scrub(item, 'The item of a stream', 'item').json.length;
  }

  #sendEnd(number: number, error: unknown): void {
    this.#callFunction(number, error === undefined ? '[]' : `[${JSON.stringify(toWireError(error))}]`);
  }

  /** Returns the stream that a function of the peer controls. */
  incomingStream(number: number): IncomingStream {
    return new IncomingStream({
      budget: this.#streams.budget,
      open: (window, items, end) => this.#openIncoming(number, window, items, end),
      grant: (count) => this.#callFunction(number, `[${count}]`),
      stop: () => this.#callFunction(number, '[]'),
    });
  }

  #openIncoming(number: number, window: StreamWindow, items: ItemEntry, end: EndEntry): () => void {
    if (this.#ended) end.close(disconnectError(''));
    if (this.#ended) return () => undefined;
    const next = this.#pendingCalls.shareForCall(items);
    const last = this.#pendingCalls.shareForCall(end);
    const json = `[{"next":"[Function]","end":"[Function]","items":${window.items},"bytes":${window.bytes}}]`;
    this.#send(openMessage(number, json, next, last));
    return () => {
      this.#pendingCalls.release(next);
      this.#pendingCalls.release(last);
    };
  }

  #sendTagged({ tagged }: Scrubbed, message: Message): Message {
    const sent = tagged ? withTags(message) : message;
    this.#send(sent);
    return sent;
  }

  #send(message: Message): void {
    this.#channel.send(message);
    this.#flow.update();
  }

  /**
   * Converts a value to JSON. `more` is the length of the other fields of the message. If the send queue of a connection that this
   * side has opened cannot take it, the call fails instead of the connection.
   */
  #scrub(value: unknown, content: string, name: string, more = 0, streams = false): Scrubbed {
    const { messageDepth, messageBytes, callbacksPerMessage, callbacksPerConnection, sendQueueBytes } =
      this.#host.limits;
    let scrubbed: Scrubbed;
    try {
      scrubbed = this.#host.json.scrub(value, messageDepth - ENVELOPE_DEPTH, {
        name,
        support: this.#negotiation.valueSupport,
      });
    } catch (error) {
      throw cannotSend(content, error);
    }
    const { json } = scrubbed;
    const length = this.#envelope.text.length + more;
    // A frame quotes the message, which at most doubles its length.
    const available = this.#flow.mayPause
      ? messageBytes
      : (sendQueueBytes - this.#channel.bufferedBytes) / 2 - length;
    if (exceedsBytes(json, Math.min(messageBytes - length, available)))
      throw exceedsBytes(json, messageBytes - length)
        ? tooLarge(content, messageBytes, 'messageBytes')
        : tooLarge(`${content} with the queue`, sendQueueBytes, 'sendQueueBytes');
    const count = scrubbed.functions?.length ?? 0;
    if (count > 0 && !streams && scrubbed.functions?.some(isStreamIn)) throw misplacedStream(content);
    if (count >= callbacksPerMessage) throw cannotSend(content, new Error(`It contains ${count} functions`));
    if (count > 0 && this.#pendingCalls.size + count > callbacksPerConnection)
      throw tooManyCallbacks(callbacksPerConnection);
    return scrubbed;
  }
}

function isStreamIn({ fn }: ExtractedFunction): boolean {
  return typeof fn !== 'function';
}

/** Calls `abort` when one of the signals aborts. Returns a function that stops this. */
function onAbort(
  own: AbortSignal | undefined,
  parent: ParentRequest | undefined,
  abort: (reason: unknown) => void,
): () => void {
  const listener = (): void => abort(own?.aborted ? own.reason : parent?.signal.reason);
  own?.addEventListener('abort', listener);
  const unlisten = parent?.onAbort(listener);
  return () => {
    own?.removeEventListener('abort', listener);
    unlisten?.();
  };
}

// Levels of nesting that the envelope adds to the arguments of a call.
const ENVELOPE_DEPTH = 4;
