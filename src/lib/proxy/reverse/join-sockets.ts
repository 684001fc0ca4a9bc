import type { Duplex } from 'node:stream';
import type { BudgetShare, BudgetUser, MemoryBudget } from '../../transport/channel/memory-budget.js';
import type { Clock, Timer } from '../../util/clock.js';
import { guardListeners } from '../../util/guard-listeners.js';
import { JOINED_LINGER, JOINED_PAUSE_BYTES } from '../limits/proxy-limits.js';

export interface JoinSocketsOptions {
  readonly clock: Clock;
  /** The budget for the data that waits between the sockets. */
  readonly output: MemoryBudget;
  /** Called with the number of bytes received from the caller or the kite. */
  readonly count: (fromCaller: number, fromKite: number) => void;
  /** Called once both sockets have closed. */
  readonly onEnd: () => void;
}

/**
 * Copies the data of each socket to the other, with backpressure. When one socket ends, the other one is ended after its data
 * has been sent.
 */
export function joinSockets(
  caller: Duplex,
  kite: Duplex,
  { clock, output, count, onEnd }: JoinSocketsOptions,
): void {
  const queues = new JoinedQueues(caller, kite, output);
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
    queues.close();
    onEnd();
  };
  copyData(caller, kite, queues, (bytes) => count(bytes, 0), onEnding, onClosed);
  copyData(kite, caller, queues, (bytes) => count(0, bytes), onEnding, onClosed);
}

/** The data that waits in two joined sockets, as part of a budget. */
class JoinedQueues implements BudgetUser {
  readonly #caller: Duplex;
  readonly #kite: Duplex;
  readonly #budget: MemoryBudget;
  #share: BudgetShare | undefined;

  constructor(caller: Duplex, kite: Duplex, budget: MemoryBudget) {
    this.#caller = caller;
    this.#kite = kite;
    this.#budget = budget;
  }

  measure(): void {
    const bytes = this.#caller.writableLength + this.#kite.writableLength;
    this.#share = this.#budget.charge(this, this.#share, bytes);
  }

  expel(): void {
    this.#caller.destroy();
    this.#kite.destroy();
  }

  close(): void {
    this.#share?.close();
  }
}

function copyData(
  from: Duplex,
  to: Duplex,
  queues: JoinedQueues,
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
    if (to.writableLength === 0) return;
    queues.measure();
    if (to.writableLength > JOINED_PAUSE_BYTES) from.pause();
  });
  const onDrain = guarded(() => {
    queues.measure();
    from.resume();
  });
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
