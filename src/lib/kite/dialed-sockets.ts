import type { Socket } from 'node:net';
import type { Clock } from '../util/clock.js';
import { withDeadline } from '../util/deadline.js';

/** The connections of WebSockets that a kite has dialed and that have not closed yet. */
export class DialedSockets {
  readonly #sockets = new Set<Socket>();
  #onEmpty: (() => void) | undefined;

  add(socket: Socket): void {
    this.#sockets.add(socket);
    // A guard for each socket would take memory.
    socket.on('close', () => this.#remove(socket));
  }

  #remove(socket: Socket): void {
    this.#sockets.delete(socket);
    if (this.#sockets.size === 0) this.#onEmpty?.();
  }

  /**
   * Resolves when all have closed, at the latest after `ms` milliseconds. A process that exits before the peer has answered its
   * close frame resets the connection.
   */
  async closed(clock: Clock, ms: number): Promise<void> {
    if (this.#sockets.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    const onTimeout = (): Error => new Error('A peer does not answer the close frame');
    await withDeadline(empty, { clock, ms, onTimeout }).catch(() => undefined);
  }
}
