import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../util/clock.js';
import { JOINED_LINGER, JOINED_PAUSE_BYTES } from '../limits/proxy-limits.js';

export interface JoinSocketsOptions {
  readonly clock: Clock;
  /** Bytes have come from the caller, or from the kite. */
  readonly count: (fromCaller: number, fromKite: number) => void;
  /** Both sockets are gone. */
  readonly ended: () => void;
}

/**
 * Passes what comes from each socket on to the other, as it is, and no faster than that takes it. The end of one is the end
 * of the other, after what came before.
 */
export function joinSockets(caller: Duplex, kite: Duplex, { clock, count, ended }: JoinSocketsOptions): void {
  let open = 2;
  let linger: Timer | undefined;
  const ending = (): void => {
    linger ??= clock.setTimeout(() => {
      caller.destroy();
      kite.destroy();
    }, JOINED_LINGER);
  };
  const closed = (): void => {
    if (--open > 0) return;
    linger?.cancel();
    ended();
  };
  pass(caller, kite, (bytes) => count(bytes, 0), ending, closed);
  pass(kite, caller, (bytes) => count(0, bytes), ending, closed);
}

function pass(
  from: Duplex,
  to: Duplex,
  count: (bytes: number) => void,
  ending: () => void,
  closed: () => void,
): void {
  from.on('data', (chunk: Buffer) => {
    count(chunk.length);
    to.write(chunk);
    if (to.writableLength > JOINED_PAUSE_BYTES) from.pause();
  });
  to.on('drain', () => from.resume());
  const end = (): void => {
    ending();
    if (!to.writableEnded) to.end();
  };
  from.on('end', end);
  // It has told what was wrong by then, and whoever is at the other end cannot be told more than that it is over.
  from.on('error', ignore);
  from.on('close', () => {
    end();
    // What nobody reads any more need not be taken in.
    to.resume();
    closed();
  });
}

function ignore(): void {
  // Said where it is attached.
}
