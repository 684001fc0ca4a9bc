import { codedError, KiteError } from '../../protocol/errors.js';
import type { ItemStream } from '../../util/item-source.js';
import type { Connection } from '../call/connection.js';
import type { IncomingCall } from '../call/envelope.js';
import { type ItemOutlet, NO_WINDOW, type StreamProducer } from '../streams/stream-producer.js';
import { readWindow } from '../streams/stream-window.js';

/** A stream that is being sent as the result of a call. */
export interface SendingStream {
  readonly producer: StreamProducer;
  /** Resolves with the result of the call at the end of the stream. */
  readonly done: Promise<unknown>;
}

/** Whether the caller receives a result: as the answer, or by calls of its functions. */
export function canReceive({ response, stream, args }: IncomingCall): boolean {
  return response !== undefined || stream?.number !== undefined || typeof args.at(-1) === 'function';
}

/**
 * Sends the stream that a handler has returned. A caller that accepts streams gets the items as it has given credit; another one
 * by calls of the function that it has passed last; and one without a function as an array, which is the result.
 *
 * @throws KiteError if the caller has sent an invalid window, and what the stream throws when it is opened
 */
export function sendStream(connection: Connection, call: IncomingCall, stream: ItemStream): SendingStream {
  const { streams, limits } = connection;
  const number = call.stream?.number;
  if (number !== undefined)
    return streams.start(
      stream,
      readWindow(call.stream?.window, limits),
      connection.itemOutlet(number),
      number,
    );
  const last = call.args.at(-1);
  if (typeof last === 'function') return streams.start(stream, NO_WINDOW, callEach(last, connection));
  const items: unknown[] = [];
  const outlet = intoArray(items, connection);
  const { producer, done } = streams.start(stream, NO_WINDOW, outlet);
  return { producer, done: done.then(() => items).finally(() => outlet.release()) };
}

// oxlint-disable-next-line typescript/no-unsafe-function-type -- a function of the caller
function callEach(fn: Function, { streams }: Connection): ItemOutlet {
  const outlet: ItemOutlet = {
    drained: () => streams.drained(),
    add: (item) => {
      (fn as (value: unknown) => void)(item);
      outlet.sent?.(1, 0);
    },
  };
  return outlet;
}

function intoArray(items: unknown[], connection: Connection): ItemOutlet & { release(): void } {
  const { streamArrayItems, messageBytes } = connection.limits;
  const { budget } = connection.streams;
  let size = 0;
  return {
    drained: () => undefined,
    add: (item) => {
      const added = connection.measure(item) + 1;
      size += added;
      if (!budget.add(added)) throw arraysTooLarge();
      if (items.length >= streamArrayItems)
        throw tooLong(`${streamArrayItems} items (limits.streamArrayItems)`);
      if (size > messageBytes) throw tooLong(`${messageBytes} bytes (limits.messageBytes)`);
      items.push(item);
    },
    release: () => budget.remove(size),
  };
}

function arraysTooLarge(): Error {
  return new KiteError(
    'requestLimitError',
    'The items of all streams need too much memory (limits.streamBytesPerConnection)',
  );
}

function tooLong(limit: string): Error {
  const advice =
    'read it with client.stream(), or pass a function as the last argument, which gets each item';
  return codedError('argumentError', 'streamTooLong', `The stream has more than ${limit}: ${advice}`);
}
