import { type ExtractedFunction } from '../../dnode/scrub.js';
import { formatPath } from '../../dnode/value-tags.js';
import { KiteError } from '../../protocol/errors.js';
import type { ItemStream } from '../../util/item-source.js';
import type { ConnectionLimits } from '../limits/kite-limits.js';
import type { ConnectionStreams } from '../streams/connection-streams.js';
import { type EndEntry, IncomingStream, type ItemEntry } from '../streams/incoming-stream.js';
import { StreamArgument } from '../streams/stream-argument.js';
import type { StreamReader } from '../streams/stream-reader.js';
import type { StreamWindow } from '../streams/stream-window.js';
import { disconnectError } from './call-errors.js';
import { callbackMessage, creditMessage, openMessage, streamField } from './envelope.js';
import { ItemMessages } from './item-messages.js';
import type { Negotiation } from './negotiation.js';
import { isStreamIn, type Outbox } from './outbox.js';
import type { PendingCalls } from './pending-calls.js';

export interface StreamSenderOptions {
  readonly limits: ConnectionLimits;
  readonly outbox: Outbox;
  readonly pendingCalls: PendingCalls;
  readonly negotiation: Negotiation;
  readonly streams: ConnectionStreams;
}

/** Sends what the streams of a connection consist of: items, ends and credit. */
export class StreamSender {
  readonly #limits: ConnectionLimits;
  readonly #outbox: Outbox;
  readonly #pendingCalls: PendingCalls;
  readonly #negotiation: Negotiation;
  readonly #streams: ConnectionStreams;

  constructor({ limits, outbox, pendingCalls, negotiation, streams }: StreamSenderOptions) {
    this.#limits = limits;
    this.#outbox = outbox;
    this.#pendingCalls = pendingCalls;
    this.#negotiation = negotiation;
    this.#streams = streams;
  }

  /** Returns the outlet for the items of a stream that a function of the peer receives. */
  items(number: number): ItemMessages {
    return new ItemMessages({
      outbox: this.#outbox,
      pendingCalls: this.#pendingCalls,
      number,
      drained: () => this.#streams.drained(),
    });
  }

  /** Returns the size of an item in a message. Throws if it cannot be sent. */
  measure(item: unknown): number {
    const { json, attached } = this.#outbox.encode(item, 'The item of a stream', 'item');
    return json.length + (attached?.size ?? 0);
  }

  /**
   * Returns the field of a call that accepts a stream as result, at the function with the number `items`. `begun` is called when
   * the stream begins, `violated` when the peer breaks its rules.
   */
  accept(reader: StreamReader, items: number, begun: () => void, violated: (error: Error) => void): string {
    const grant = (count: number): void => {
      if (!this.#outbox.ended) this.#outbox.send(creditMessage(items, count));
    };
    return streamField(reader.attach(this.#streams.budget, { begun, grant, violated }));
  }

  /**
   * Checks the streams among the arguments of a call.
   *
   * @throws KiteError `argumentError` if the peer does not accept streams, or one is in two places: it can be read only once
   */
  check(functions: readonly ExtractedFunction[]): void {
    const places = new Map<unknown, ExtractedFunction['path']>();
    for (const { fn, path } of functions.filter(isStreamIn)) {
      const other = places.get(fn);
      if (!this.#negotiation.extensions?.has('stream'))
        throw streamError(path, 'a stream cannot be sent to this peer');
      if (other) throw streamError(path, `the stream at args${formatPath(other)} cannot be sent twice`);
      places.set(fn, path);
    }
  }

  /** Returns the function with which the peer controls a stream among the arguments of a call. */
  argument(stream: ItemStream): StreamArgument {
    return new StreamArgument(stream, {
      limits: this.#limits,
      items: (next) => this.items(next),
      sendEnd: (end, error) => this.#sendEnd(end, error),
    });
  }

  /** Returns the stream that a function of the peer controls. */
  incoming(number: number): IncomingStream {
    return new IncomingStream({
      budget: this.#streams.budget,
      open: (window, items, end) => this.#openIncoming(number, window, items, end),
      grant: (count) => this.#callFunction(number, `[${count}]`),
      stop: () => this.#callFunction(number, '[]'),
    });
  }

  #openIncoming(number: number, window: StreamWindow, items: ItemEntry, end: EndEntry): () => void {
    if (this.#outbox.ended) {
      end.close(disconnectError(''));
      return () => undefined;
    }
    const next = this.#pendingCalls.shareForCall(items);
    const last = this.#pendingCalls.shareForCall(end);
    const json = `[{"next":"[Function]","end":"[Function]","items":${window.items},"bytes":${window.bytes}}]`;
    this.#outbox.send(openMessage(number, json, next, last));
    return () => {
      this.#pendingCalls.release(next);
      this.#pendingCalls.release(last);
    };
  }

  #sendEnd(number: number, error: unknown): void {
    if (error === undefined) {
      this.#callFunction(number, '[]');
      return;
    }
    if (this.#outbox.ended) return;
    const encoded = this.#outbox.encodeError(error, '');
    const message = callbackMessage(number, `[${encoded.json}]`, undefined, this.#pendingCalls);
    this.#outbox.sendEncoded(encoded, message);
  }

  #callFunction(number: number, json: string): void {
    if (!this.#outbox.ended) this.#outbox.send(callbackMessage(number, json, undefined, this.#pendingCalls));
  }
}

function streamError(path: ExtractedFunction['path'], problem: string): KiteError {
  return new KiteError('argumentError', `args${formatPath(path)}: ${problem}`);
}
