import { ReceivedBytes } from '../../dnode/attached-bytes.js';
import { type CallbackPath, type DnodeMessage, isProtocolViolation } from '../../dnode/dnode-message.js';
import type { MessageJson } from '../../dnode/message-json.js';
import { type AnyFunction, STREAM_PLACEHOLDER } from '../../dnode/scrub.js';
import { unscrub } from '../../dnode/unscrub.js';
import type { Channel, ChannelReceiver } from '../../transport/channel/channel.js';
import type { IncomingMessage } from '../../transport/channel/deliver-message.js';
import {
  type BytesMessage,
  type Fragment,
  messageText,
  pieceText,
} from '../../transport/channel/outgoing-message.js';
import { runGuarded } from '../../util/guard-listeners.js';
import type { Logger } from '../../util/logger.js';
import { messageOf, stackOf } from '../../util/message-of.js';
import { record } from '../../util/record.js';
import { type ConnectionLimits, LOGGED_FAILURES } from '../limits/kite-limits.js';
import type { IncomingStream } from '../streams/incoming-stream.js';
import { StreamEntry } from '../streams/stream-entry.js';
import { type IncomingCall, isOptionPath, readCall } from './envelope.js';
import type { FlowControl } from './flow-control.js';
import type { Negotiation } from './negotiation.js';
import { type CallbackEntry, isCall, type PendingCalls } from './pending-calls.js';
import type { Sender } from './sender.js';
import { settleCall } from './settle-call.js';
import { CallbackScope } from '../callbacks/callback-scope.js';
import { answerCallback } from './answer-callback.js';
import { callbackEnded } from './call-errors.js';
import { type TaggedPlace, untagged } from './tagged-message.js';

/** Recognizes the calls of a peer by their common prefix, so that only the rest of each call has to be parsed. */
export interface CallPrefixCache {
  /** Makes the channel recognize calls that have the same prefix as this one. */
  learn(text: string, channel: Channel): void;
  /** Reads the call with this prefix. Returns undefined if the two have to be parsed together. */
  read(fragment: Fragment, rest: string, reader: CallReader): IncomingCall | undefined;
}

/** Restores what the JSON of a call stands for. */
export interface CallReader {
  /** Replaces callback references in the arguments, in place. Returns the fields of the call about them. */
  restore(method: string, message: DnodeMessage): Pick<IncomingCall, 'scope' | 'inputs'> | undefined;
  /** Returns the message with the values that its arguments stand for. */
  untagArguments(message: DnodeMessage): DnodeMessage;
}

/** The interface of a kite to its receivers. */
export interface ReceiverHost {
  readonly limits: ConnectionLimits;
  readonly logger: Logger;
  readonly json: MessageJson;
  /** Returns the error that a peer gets if a function that it has called fails. Default: the same error. */
  readonly errorForPeer?: ((error: unknown) => unknown) | undefined;
  /** Creates the cache of call prefixes of a connection. Without it, each message is parsed as a whole. */
  newPrefixCache?(): CallPrefixCache;
}

/** The connection whose messages a receiver reads. */
export interface ReceivingConnection {
  readonly role: 'accepted' | 'dialed';
  readonly remoteAddress: string;
  readonly flow: FlowControl;
  /** Whether the peer has made a call. */
  readonly hasReceivedCall: boolean;
  /** Runs a call of the peer. */
  dispatch(call: IncomingCall): void;
  /** The channel has drained. */
  drained(): void;
  /** The channel has ended. */
  ended(code: number, reason: string): void;
  close(code: number, reason: string): void;
}

export interface ReceiverOptions {
  readonly connection: ReceivingConnection;
  readonly channel: Channel;
  readonly sender: Sender;
  readonly pendingCalls: PendingCalls;
  readonly negotiation: Negotiation;
}

/** Reads the messages of a connection: calls of the peer, its responses, and its calls of callbacks. */
export class Receiver implements ChannelReceiver, CallReader {
  readonly #host: ReceiverHost;
  readonly #connection: ReceivingConnection;
  readonly #channel: Channel;
  readonly #sender: Sender;
  readonly #pendingCalls: PendingCalls;
  readonly #negotiation: Negotiation;
  #prefixes: CallPrefixCache | undefined;
  /** Number of functions of this side that have failed. */
  #failures = 0;
  #closed = false;

  constructor(
    host: ReceiverHost,
    { connection, channel, sender, pendingCalls, negotiation }: ReceiverOptions,
  ) {
    this.#host = host;
    this.#connection = connection;
    this.#channel = channel;
    this.#sender = sender;
    this.#pendingCalls = pendingCalls;
    this.#negotiation = negotiation;
  }

  drain(): void {
    this.#connection.drained();
  }

  close(code: number, reason: string): void {
    this.#closed = true;
    this.#connection.ended(code, reason);
  }

  /** Does not throw: an invalid message closes the connection. */
  message(text: string, prefix?: Fragment): void {
    this.#receive(text, prefix);
  }

  /** Does not throw: an invalid message closes the connection. */
  bytes(message: BytesMessage): void {
    this.#receive(message, undefined);
  }

  #receive(message: IncomingMessage, prefix: Fragment | undefined): void {
    if (this.#closed) return;
    try {
      if (typeof message !== 'string') {
        this.#receiveBytes(message);
        return;
      }
      const call = prefix && this.#prefixes?.read(prefix, message, this);
      if (call) this.#connection.dispatch(call);
      else this.#receiveWhole(prefix ? prefix.text + message : message);
    } catch (error) {
      this.#host.logger.warn(`${this.#connection.remoteAddress}: ${messageOf(error)}; closing`);
      if (isProtocolViolation(error)) this.#connection.close(error.code, error.message);
      else this.#connection.close(1011, 'Internal error');
    }
  }

  /** A message with bytes means what its text with base64 would mean. */
  #receiveBytes(received: BytesMessage): void {
    const bytes = new ReceivedBytes();
    let text = '';
    for (const piece of received.pieces)
      text += piece instanceof Uint8Array ? `"${bytes.add(piece)}"` : pieceText(piece);
    const message = this.#host.json.parse(text, this.#host.limits);
    const size = text.length + bytes.size;
    if (message.tagged) this.#receiveParsed({ ...message, bytes }, size, received);
    else this.#receiveWhole(messageText(received));
  }

  #receiveWhole(text: string): void {
    const first = !this.#connection.hasReceivedCall;
    const isCall = this.#receiveParsed(this.#host.json.parse(text, this.#host.limits), text.length);
    // Most callers make one call. A caller that makes a second one is likely to make more.
    if (!isCall || first || this.#connection.role === 'dialed') return;
    this.#prefixes ??= this.#host.newPrefixCache?.();
    this.#prefixes?.learn(text, this.#channel);
  }

  /**
   * Returns whether the message is a call of a method. `received` is the message if it has bytes: those outside of values, such as
   * in credentials, are base64.
   */
  #receiveParsed(message: DnodeMessage, size: number, received?: BytesMessage): boolean {
    if (typeof message.method === 'number') {
      this.#callback(message.method, message, size, received);
      return false;
    }
    const restored = this.restore(message.method, message);
    const call = readCall(message.method, this.untagArguments(message));
    if (received && message.bytes?.isLeft) {
      this.#receiveWhole(messageText(received));
      return true;
    }
    if (restored) Object.assign(call, restored);
    this.#connection.dispatch(call);
    return true;
  }

  /**
   * Replaces callback references with stubs, and those of streams with streams. Returns what they have in common, and the streams.
   * Nearly every call has a reference for its response, which needs no stub.
   */
  restore(
    method: string,
    { args, callbacks }: DnodeMessage,
  ): Pick<IncomingCall, 'scope' | 'inputs'> | undefined {
    const functions = callbacks?.filter((callback) => !isOptionPath(callback));
    if (!functions || functions.length === 0) return undefined;
    const streams: IncomingStream[] = [];
    const scope = new CallbackScope(method);
    unscrub(args, functions, (number, placeholder) => {
      if (placeholder !== STREAM_PLACEHOLDER || !this.#negotiation.extensions?.has('stream'))
        return this.#sender.stub(number, scope);
      const stream = this.#sender.streams.incoming(number);
      streams.push(stream);
      return stream;
    });
    return { scope, inputs: streams.length > 0 ? streams : undefined };
  }

  untagArguments(message: DnodeMessage): DnodeMessage {
    return this.#untag(message, [message.args[0], 'withArgs']);
  }

  /** Restores the tagged values of a message, in place: those of one field, or all. */
  #untag(message: DnodeMessage, place: TaggedPlace): DnodeMessage {
    return message.tagged === true ? untagged(message, place, this.#host.limits) : message;
  }

  #callback(number: number, received: DnodeMessage, size: number, whole: BytesMessage | undefined): void {
    const { args, callbacks } = received;
    const entry = this.#pendingCalls.get(number);
    if (!this.#negotiation.extensions) this.#hear(received, entry);
    // Unknown or forgotten numbers are ignored: the response to a call that timed out has one.
    if (entry === undefined) {
      if (received.answer !== undefined) this.#refuse(received.answer, callbackEnded());
      if (callbacks) this.#sender.release(callbacks);
      return;
    }
    if (callbacks) this.#unscrub(args, callbacks);
    const message = this.#untag(received, isCall(entry) ? taggedPlace(args[0]) : undefined);
    if (whole && received.bytes?.isLeft) this.#receiveWhole(messageText(whole));
    else if (typeof entry === 'function') this.#invoke(entry, message);
    else if (entry instanceof StreamEntry) entry.receive(message, size);
    else settleCall(this.#pendingCalls.settle(number, entry), message);
  }

  /**
   * Reads the list in the first answer of the peer, even if its call has timed out, or in its first call of a function that asks
   * for an answer.
   */
  #hear({ args: [answer], extensions: ofCall }: DnodeMessage, entry: CallbackEntry | undefined): void {
    const { extensions, result } = record(answer);
    const isAnswer = entry ? isCall(entry) : Array.isArray(extensions) && result !== undefined;
    if (isAnswer) this.#negotiation.heard(extensions);
    else if (Array.isArray(ofCall)) this.#negotiation.heard(ofCall);
  }

  #unscrub(args: unknown[], callbacks: readonly CallbackPath[]): void {
    unscrub(args, callbacks, (number) => this.#sender.stub(number));
  }

  #invoke(fn: AnyFunction, { args, answer, problem }: DnodeMessage): void {
    const failed = (error: unknown): void => this.#logFailure(error);
    const call = fn as (...values: unknown[]) => unknown;
    if (problem) {
      failed(problem);
      this.#refuse(answer, problem);
    } else if (answer === undefined) runGuarded(failed, call, args);
    else {
      const respondsTo = { method: 'a callback', response: answer };
      const { flow } = this.#connection;
      answerCallback(() => call(...args), respondsTo, failed, {
        sender: this.#sender,
        flow,
        shown: this.#host.errorForPeer,
      });
    }
  }

  /** Logs the failure of a function. The peer may call it without end, so that only the first failures are errors. */
  #logFailure(error: unknown): void {
    const { logger } = this.#host;
    const message = `A function that ${this.#connection.remoteAddress} called failed: ${stackOf(error)}`;
    const failures = ++this.#failures;
    if (failures > LOGGED_FAILURES) logger.debug(message);
    else if (failures === LOGGED_FAILURES) logger.error(`${message}; later ones are debug messages`);
    else logger.error(message);
  }

  /** Answers the call of a callback that does not run, if it has to be answered. */
  #refuse(answer: number | undefined, error: Error): void {
    this.#sender.respondError({ method: 'a callback', response: answer }, error, '');
  }
}

/** Returns what can have tagged values in an answer: the result, or the data of the error. */
function taggedPlace(answer: unknown): TaggedPlace {
  const error: unknown = record(answer)['error'] ?? null;
  return error === null ? [answer, 'result'] : [error, 'data'];
}
