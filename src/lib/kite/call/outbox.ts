import type { ExtractedFunction, Scrubbed } from '../../dnode/scrub.js';
import type { Channel } from '../../transport/channel/channel.js';
import {
  BytesMessage,
  type Fragment,
  type Message,
  messageLength,
  type Piece,
} from '../../transport/channel/outgoing-message.js';
import { guardListener } from '../../util/guard-listeners.js';
import { exceedsBytes } from '../../util/utf8.js';
import { type ConnectionLimits, HELD_LENGTH } from '../limits/kite-limits.js';
import { cannotSend, misplacedStream, queueFull, tooLarge, tooManyCallbacks } from './call-errors.js';
import { encodeError, type ErrorHost } from './encode-error.js';
import { withTags } from './envelope.js';
import type { FlowControl } from './flow-control.js';
import type { Negotiation } from './negotiation.js';
import type { PendingCalls } from './pending-calls.js';

/** The interface of a kite to its outboxes. */
export interface OutboxHost extends ErrorHost {
  readonly limits: ConnectionLimits;
  /** The part of each call with this `authentication`, cached between connections. */
  envelopeFragment(auth: unknown): Fragment;
}

export interface OutboxOptions {
  readonly channel: Channel;
  readonly flow: FlowControl;
  readonly pendingCalls: PendingCalls;
  readonly negotiation: Negotiation;
  /** The `authentication` of calls. */
  readonly auth: unknown;
}

/** A call of a callback that waits until it is known whether its answer is wanted. */
export abstract class HeldMessage {
  /** Returns what is sent. `answers`: whether the program reads answers in this turn of the event loop. */
  abstract release(answers: boolean): Message;
}

/** Converts the values that a connection sends to JSON, checks them against the limits, and sends messages. */
export class Outbox {
  /** The part of each call that contains the identity and the `authentication` of the caller. */
  envelope: Fragment;
  /** Whether the channel has ended. */
  ended = false;
  readonly #host: OutboxHost;
  readonly #channel: Channel;
  readonly #flow: FlowControl;
  readonly #pendingCalls: PendingCalls;
  readonly #negotiation: Negotiation;
  /** What waits for the end of the turn of the event loop, in order. Undefined if nothing does. */
  #held: (HeldMessage | Message)[] | undefined;
  #heldLength = 0;
  #answersAreRead = false;
  #flushLater: (() => void) | undefined;

  constructor(host: OutboxHost, { channel, flow, pendingCalls, negotiation, auth }: OutboxOptions) {
    this.#host = host;
    this.#channel = channel;
    this.#flow = flow;
    this.#pendingCalls = pendingCalls;
    this.#negotiation = negotiation;
    this.envelope = host.envelopeFragment(auth);
  }

  /** Sets the `authentication` of later calls. */
  setAuth(auth: unknown): void {
    this.envelope = this.#host.envelopeFragment(auth);
  }

  send(message: Message): void {
    if (this.#held) {
      // The program may change its bytes before the message is sent.
      this.#add(message instanceof BytesMessage ? message.copy() : message, messageLength(message));
      return;
    }
    this.#channel.send(message);
    this.#flow.update();
  }

  /** Bytes that were sent and that the network has not accepted. */
  get backlog(): number {
    return this.#channel.bufferedBytes + this.#heldLength;
  }

  /** Sends a message at the end of the turn of the event loop, and what is sent until then after it. */
  hold(held: HeldMessage, length: number): void {
    if (!this.#held) {
      this.#held = [];
      // A promise that the program awaits is read in a microtask of its own.
      this.#flushLater ??= this.#makeFlush();
      queueMicrotask(this.#flushLater);
    }
    this.#add(held, length);
  }

  #makeFlush(): () => void {
    const failed = (): void => this.#channel.close(1011, 'Internal error');
    const flush = guardListener(() => this.flush(), failed);
    return () => queueMicrotask(flush);
  }

  /** The program reads an answer of a callback, and may read others that it has requested in this turn of the event loop. */
  answersAreRead(): void {
    this.#answersAreRead = true;
  }

  #add(item: HeldMessage | Message, length: number): void {
    this.#held?.push(item);
    this.#heldLength += length;
    if (this.#heldLength > HELD_LENGTH) this.flush();
  }

  /** Sends what waits. */
  flush(): void {
    const held = this.#held;
    if (!held) return;
    const answers = this.#answersAreRead;
    this.#held = undefined;
    this.#heldLength = 0;
    this.#answersAreRead = false;
    for (const item of held) {
      const message = item instanceof HeldMessage ? item.release(answers) : item;
      if (!this.ended) this.#channel.send(message);
    }
    this.#flow.update();
  }

  /** The channel has ended. */
  end(): void {
    this.ended = true;
    this.flush();
  }

  /** Sends a message that contains an encoded value. Returns what was sent. */
  sendEncoded(scrubbed: Scrubbed, message: readonly Piece[]): Message {
    const sent = withEncoded(scrubbed, message);
    this.send(sent);
    return sent;
  }

  /** Converts an error to JSON. Never throws. */
  encodeError(error: unknown, id: string): Scrubbed {
    return encodeError(error, id, this.#host, this.#negotiation);
  }

  /**
   * Converts a value to JSON. `more` is the length of the other fields of the message. If the send queue of a connection that this
   * side has opened cannot take it, the call fails instead of the connection.
   */
  encode(value: unknown, content: string, name: string, more = 0, streams = false): Scrubbed {
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
    const { json, attached } = scrubbed;
    const bytes = attached ? (this.#channel.sendsBytes ? attached.size : attached.base64Length) : 0;
    const length = this.envelope.text.length + more + bytes;
    // A frame quotes the message, which at most doubles its length.
    const available = this.#flow.mayPause ? messageBytes : (sendQueueBytes - this.backlog) / 2 - length;
    if (exceedsBytes(json, Math.min(messageBytes - length, available)))
      throw exceedsBytes(json, messageBytes - length)
        ? tooLarge(content, messageBytes, 'messageBytes')
        : queueFull(content, sendQueueBytes);
    const count = scrubbed.functions?.length ?? 0;
    if (count > 0 && !streams && scrubbed.functions?.some(isStreamIn)) throw misplacedStream(content);
    if (count >= callbacksPerMessage) throw cannotSend(content, new Error(`It contains ${count} functions`));
    if (count > 0 && this.#pendingCalls.size + count > callbacksPerConnection)
      throw tooManyCallbacks(callbacksPerConnection);
    return scrubbed;
  }
}

/** Returns a message that contains an encoded value, with what belongs to the value. */
export function withEncoded({ tagged, attached }: Scrubbed, message: readonly Piece[]): Message {
  return tagged ? withTags(message, attached) : message;
}

/** Whether a value in place of which the peer gets a function is a stream. */
export function isStreamIn({ fn }: ExtractedFunction): boolean {
  return typeof fn !== 'function';
}

// Levels of nesting that the envelope adds to the arguments of a call.
const ENVELOPE_DEPTH = 4;
