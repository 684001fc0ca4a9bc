import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../util/clock.js';
import { guardListeners } from '../../util/guard-listeners.js';
import { JOINED_LINGER, JOINED_PAUSE_BYTES } from '../limits/proxy-limits.js';

export interface JoinSocketsOptions {
  readonly clock: Clock;
  /** Called with the number of bytes received from the caller or the kite. */
  readonly count: (fromCaller: number, fromKite: number) => void;
  /** Called once both sockets have closed. */
  readonly onEnd: () => void;
}

/**
 * Copies the data of each socket to the other, with backpressure. When one socket ends, the other one is ended after its data
 * has been sent.
 */
export function joinSockets(caller: Duplex, kite: Duplex, { clock, count, onEnd }: JoinSocketsOptions): void {
  let open = 2;
  let lingerTimer: Timer | undefined;
  const onEnding = (): void => {
    lingerTimer ??= clock.setTimeout(() => {
      caller.destroy();
      kite.destroy();
    }, JOINED_LINGER);
  };
  const onClosed = (): void => {
    if (--open > 0) return;
    lingerTimer?.cancel();
    onEnd();
  };
  copyData(caller, kite, (bytes) => count(bytes, 0), onEnding, onClosed);
  copyData(kite, caller, (bytes) => count(0, bytes), onEnding, onClosed);
}

function copyData(
  from: Duplex,
  to: Duplex,
  count: (bytes: number) => void,
  onEnding: () => void,
  onClosed: () => void,
): void {
  const guarded = guardListeners(() => {
    from.destroy();
    to.destroy();
  });
  const onData = guarded((chunk: Buffer) => {
    count(chunk.length);
    to.write(chunk);
    if (to.writableLength > JOINED_PAUSE_BYTES) from.pause();
  });
  const onDrain = guarded(() => from.resume());
  const end = (): void => {
    onEnding();
    if (!to.writableEnded) to.end();
  };
  const onClose = guarded(() => {
    end();
    // Discards data that can no longer be forwarded.
    to.resume();
    onClosed();
  });
  from.on('data', onData);
  to.on('drain', onDrain);
  from.on('end', guarded(end));
  // `close` follows. The error cannot be forwarded to the other end.
  from.on('error', ignoreError);
  from.on('close', onClose);
}

function ignoreError(): void {
  // See where it is attached.
}
