import type { Client } from '../call/client.js';
import type { Loaded } from './balancing.js';

/** A call that can continue elsewhere. */
export interface MovableCall {
  readonly move: () => void;
  /** The place in the list of its connection; -1 if it cannot move any more. */
  index: number;
}

/** What the connections of a service share. */
export interface LinkPool {
  /** Those that have not been closed. */
  readonly open: Set<ServiceLink>;
  /** The one that has answered a call last. */
  recent: ServiceLink | undefined;
}

/** A connection of a service to a kite, and the calls on it. */
export class ServiceLink<Owner = unknown> implements Loaded {
  readonly owner: Owner;
  readonly client: Client;
  pending = 0;
  /** The calls that were answered, with a result or an error. */
  answered = 0;
  /** Whether calls that may go to any kite may go here. */
  isChosen = false;
  /** Whether the kite does not answer, and it is not known yet whether it still runs. */
  suspect = false;
  /** The calls that continue elsewhere if the kite does not answer. */
  readonly movable: MovableCall[] = [];
  /** The number of answers at the last check. */
  #seen = -1;
  #leaving = false;
  readonly #pool: LinkPool;

  constructor(owner: Owner, client: Client, pool: LinkPool) {
    this.owner = owner;
    this.client = client;
    this.#pool = pool;
    pool.open.add(this);
  }

  /** Lets a call continue elsewhere if the kite does not answer: `move` is called once at most, and not after `settle`. */
  movableCall(move: () => void): MovableCall {
    const call = { move, index: this.movable.length };
    this.movable.push(call);
    return call;
  }

  /** Returns whether a call could still move, which it cannot from now on. */
  settle(call: MovableCall): boolean {
    const { index } = call;
    const last = index < 0 ? undefined : this.movable.pop();
    if (!last) return false;
    if (last !== call) {
      this.movable[index] = last;
      last.index = index;
    }
    call.index = -1;
    return true;
  }

  /** Moves the calls that can. */
  moveCalls(): void {
    for (let call = this.movable.at(-1); call; call = this.movable.at(-1)) {
      this.settle(call);
      call.move();
    }
  }

  /** A call is made. */
  began(): void {
    this.pending++;
  }

  /** A call has ended. `answered`: whether the kite has answered it. */
  ended(answered: boolean): void {
    if (answered) {
      this.answered++;
      this.#pool.recent = this;
    }
    if (--this.pending === 0 && this.#leaving) this.close();
  }

  /** Whether calls have waited since the last check, and none was answered. */
  isQuiet(): boolean {
    const quiet = this.pending > 0 && this.answered === this.#seen;
    this.#seen = this.pending > 0 ? this.answered : -1;
    return quiet;
  }

  /** Closes the connection when its calls have ended. */
  leave(): void {
    this.#leaving = true;
    if (this.pending === 0) this.close();
  }

  /** Closes the connection. Calls that wait for an answer reject. */
  close(): void {
    this.#pool.open.delete(this);
    this.client.close();
  }
}
