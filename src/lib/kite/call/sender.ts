import type { MessageJson } from '../../dnode/message-json.js';
import type { AnyFunction, Scrubbed } from '../../dnode/scrub.js';
import { toWireError } from '../../protocol/errors.js';
import type { Channel } from '../../transport/channel/channel.js';
import type { ConnectionLimits } from '../limits/kite-limits.js';
import { messageOf } from '../../util/message-of.js';
import { Fragment, type Message, type Piece } from '../../transport/channel/outgoing-message.js';
import { exceedsBytes } from '../../util/utf8.js';
import { disconnectError, tooLarge, tooManyCallbacks, cannotSend } from './call-errors.js';
import type { FlowControl } from './flow-control.js';
import type { Negotiation } from './negotiation.js';
import type { PendingCalls, PendingCall } from './pending-calls.js';
import type { CallOptions } from './peer.js';
import { deadlineField, inheritedTimeout, optionFields, type ParentRequest } from './call-fields.js';
import { EncodedResult } from './encoded-result.js';
import {
  callMessage,
  callbackMessage,
  cancelMessage,
  encodedMessage,
  errorMessage,
  type IncomingCall,
  NO_FIELD,
  resultMessage,
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
  readonly #timeout: number;
  /** Whether the program has set the timeout of this connection. */
  readonly #hasTimeout: boolean;
  #envelope: Fragment;
  /** The field for the timeout of this connection, cached. */
  #defaultDeadline: Fragment | undefined;
  #ended = false;

  constructor(host: SenderHost, { channel, flow, pendingCalls, negotiation, auth, timeout }: SenderOptions) {
    this.#host = host;
    this.#channel = channel;
    this.#flow = flow;
    this.#pendingCalls = pendingCalls;
    this.#negotiation = negotiation;
    this.#timeout = timeout ?? host.timeout;
    this.#hasTimeout = timeout !== undefined;
    this.#envelope = host.envelopeFragment(auth);
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
  ): void {
    if (this.#ended) throw disconnectError('');
    const { signal, parent } = options;
    signal?.throwIfAborted();
    parent?.signal.throwIfAborted();
    const { timeout: requested = this.#timeout } = options;
    const timeout = parent ? inheritedTimeout(requested, parent, method) : requested;
    const hasFields = options.trace || options.metadata || parent;
    const fields = hasFields ? optionFields(options, this.#negotiation, this.#host.limits) : NO_FIELD;
    const more = typeof fields === 'string' ? fields.length : 0;
    const { json, functions } = this.#scrub(args, `The arguments of "${method}"`, more);
    const callbacks =
      options.callbacks === 'call' && functions
        ? functions.map(({ fn }) => this.#pendingCalls.shareForCall(fn))
        : undefined;
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
    const numbers = callbacks?.values();
    const registry = numbers ? { share: (): number => numbers.next().value ?? 0 } : this.#pendingCalls;
    const start = this.#host.methodFragment(method);
    const announcement = this.#negotiation.takeAnnouncement();
    const deadline = this.#deadlineField(options, timeout);
    this.#send(
      callMessage(start, this.#envelope, json, announcement, deadline, fields, number, functions, registry),
    );
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
      const { json, functions } = this.#scrub(result, `The result of "${call.method}"`);
      const fields = this.#negotiation.takeAnnouncement();
      this.#send(resultMessage(call.response, json, fields, functions, this.#pendingCalls));
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
      const { json, functions } = this.#scrub(args, 'The arguments of a callback');
      this.#send(callbackMessage(number, json, functions, this.#pendingCalls));
    };
  }

  #send(message: Message): void {
    this.#channel.send(message);
    this.#flow.update();
  }

  /**
   * Converts a value to JSON. `more` is the length of the other fields of the message. If the send queue of a connection that this
   * side has opened cannot take it, the call fails instead of the connection.
   */
  #scrub(value: unknown, content: string, more = 0): Scrubbed {
    const { messageDepth, messageBytes, callbacksPerMessage, callbacksPerConnection, sendQueueBytes } =
      this.#host.limits;
    let scrubbed: Scrubbed;
    try {
      scrubbed = this.#host.json.scrub(value, messageDepth - ENVELOPE_DEPTH);
    } catch (error) {
      throw cannotSend(content, error);
    }
    const { json } = scrubbed;
    const length = this.#envelope.text.length + more;
    if (exceedsBytes(json, messageBytes - length)) throw tooLarge(content, messageBytes, 'messageBytes');
    // A frame quotes the message, which at most doubles its length.
    const available = (sendQueueBytes - this.#channel.bufferedBytes) / 2 - length;
    if (!this.#flow.mayPause && exceedsBytes(json, available))
      throw tooLarge(`${content} with the queue`, sendQueueBytes, 'sendQueueBytes');
    const count = scrubbed.functions?.length ?? 0;
    if (count >= callbacksPerMessage) throw cannotSend(content, new Error(`It contains ${count} functions`));
    if (count > 0 && this.#pendingCalls.size + count > callbacksPerConnection)
      throw tooManyCallbacks(callbacksPerConnection);
    return scrubbed;
  }
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
