import { type AnyFunction, type Scrubbed, scrub } from '../../dnode/scrub.js';
import { toWireError } from '../../protocol/errors.js';
import type { Channel } from '../../transport/channel/channel.js';
import type { ConnectionLimits } from '../limits/kite-limits.js';
import { messageOf } from '../../util/message-of.js';
import type { Fragment } from '../../transport/channel/outgoing-message.js';
import { exceedsBytes } from '../../util/utf8.js';
import { disconnectError, tooLarge, tooManyCallbacks, cannotSend } from './call-errors.js';
import type { FlowControl } from './flow-control.js';
import type { PendingCalls, PendingCall } from './pending-calls.js';
import type { CallOptions } from './peer.js';
import { callMessage, callbackMessage, errorMessage, type IncomingCall, resultMessage } from './envelope.js';

/** What sending needs of the kite at its own end. */
export interface SenderHost {
  readonly limits: ConnectionLimits;
  /** What every call with this `authentication` carries, kept between connections. */
  envelopeFragment(auth: unknown): Fragment;
  /** The start of each call of `method`, kept between calls. */
  methodFragment(method: string): Fragment;
}

export interface SenderOptions {
  readonly channel: Channel;
  readonly flow: FlowControl;
  readonly pendingCalls: PendingCalls;
  /** What calls carry as `authentication`. */
  readonly auth: unknown;
  /** Milliseconds a call waits when the caller named no timeout. */
  readonly timeout: number;
}

/** What one connection says: calls, answers, and calls of functions that the peer has handed over. */
export class Sender {
  readonly #host: SenderHost;
  readonly #channel: Channel;
  readonly #flow: FlowControl;
  readonly #handed: PendingCalls;
  readonly #timeout: number;
  #envelope: Fragment;
  #ended = false;

  constructor(host: SenderHost, { channel, flow, pendingCalls, auth, timeout }: SenderOptions) {
    this.#host = host;
    this.#channel = channel;
    this.#flow = flow;
    this.#handed = pendingCalls;
    this.#timeout = timeout;
    this.#envelope = host.envelopeFragment(auth);
  }

  /** What later calls carry as `authentication`. */
  setAuth(auth: unknown): void {
    this.#envelope = this.#host.envelopeFragment(auth);
  }

  /** The channel has ended: calls fail, and whatever else is dropped. */
  end(): void {
    this.#ended = true;
  }

  /** Calls a method of the peer. Throws where that cannot be sent. */
  call(
    method: string,
    args: unknown[],
    options: CallOptions,
    resolve: (result: unknown) => void,
    reject: (error: unknown) => void,
  ): void {
    if (this.#ended) throw disconnectError('');
    const { signal, timeout = this.#timeout } = options;
    signal?.throwIfAborted();
    const { json, functions } = this.#scrub(args, `The arguments of "${method}"`);
    const callbacks =
      options.callbacks === 'call' && functions
        ? functions.map(({ fn }) => this.#handed.shareForCall(fn))
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
    this.#flow.update();
  }

  /** Answers a call of the peer. A result that cannot be sent becomes an error that says why. */
  answer(call: IncomingCall, result: unknown, id: () => string): void {
    if (call.response === undefined || this.#ended) return;
    try {
      const { json, functions } = this.#scrub(result, `The result of "${call.method}"`);
      this.#channel.send(resultMessage(call.response, json, functions, this.#handed));
      this.#flow.update();
    } catch (error) {
      // The fault is the handler's, not that of the caller's arguments.
      this.answerError(call, messageOf(error), id());
    }
  }

  answerError(call: IncomingCall, error: unknown, id: string): void {
    if (call.response === undefined || this.#ended) return;
    this.#channel.send(errorMessage(call.response, toWireError(error, id)));
    this.#flow.update();
  }

  /** A function of the peer, as something to call. */
  stub(number: number): AnyFunction {
    return (...args: unknown[]): void => {
      if (this.#ended) return;
      const { json, functions } = this.#scrub(args, 'The arguments of a callback');
      this.#channel.send(callbackMessage(number, json, functions, this.#handed));
      this.#flow.update();
    };
  }

  #scrub(value: unknown, what: string): Scrubbed {
    const { messageDepth, messageBytes, callbacksPerMessage, callbacksPerConnection } = this.#host.limits;
    let scrubbed: Scrubbed;
    try {
      scrubbed = scrub(value, messageDepth - ENVELOPE_DEPTH);
    } catch (error) {
      throw cannotSend(what, error);
    }
    if (exceedsBytes(scrubbed.json, messageBytes - this.#envelope.text.length))
      throw tooLarge(what, messageBytes);
    const count = scrubbed.functions?.length ?? 0;
    if (count >= callbacksPerMessage) throw cannotSend(what, new Error(`It carries ${count} functions`));
    if (count > 0 && this.#handed.size + count > callbacksPerConnection)
      throw tooManyCallbacks(callbacksPerConnection);
    return scrubbed;
  }
}

// Levels of nesting that the wire form of a call adds to its arguments.
const ENVELOPE_DEPTH = 4;
