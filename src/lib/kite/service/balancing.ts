import { nextTick } from '../../util/next-tick.js';

/** How a service chooses among the kites that are ready: see `ServiceOptions.balance`. */
export type Balance = 'leastPending' | 'roundRobin';

/** Something that calls can be made over. */
export interface Loaded {
  /** The calls that wait for an answer. */
  readonly pending: number;
}

/** Chooses one of some connections. Undefined only if there are none. */
export type Picker = <Connected extends Loaded>(ready: readonly Connected[]) => Connected | undefined;

/** How many calls of one turn of the event loop go over one connection: as many as are sent in one frame. */
const CALLS_PER_TURN = 8;

/**
 * Takes the same connection again for further calls of one turn of the event loop, while calls run there: calls that are sent
 * together, and answered together, cost half as much. `defer` calls a function after the turn.
 */
export function inTurns(pick: Picker, defer: (callback: () => void) => void): Picker {
  let left = 0;
  let last: Loaded | undefined;
  let from: readonly Loaded[] | undefined;
  let isDeferred = false;
  const endTurn = (): void => {
    isDeferred = false;
    left = 0;
    last = undefined;
    from = undefined;
  };
  return <Connected extends Loaded>(ready: readonly Connected[]) => {
    if (left > 0 && from === ready) {
      left--;
      return last as Connected;
    }
    const picked = pick(ready);
    if (picked && picked.pending > 0 && ready.length > 1) {
      left = CALLS_PER_TURN - 1;
      last = picked;
      from = ready;
      if (!isDeferred) {
        isDeferred = true;
        defer(endTurn);
      }
    }
    return picked;
  };
}

export function pickerOf(balance: Balance, random: () => number): Picker {
  return balance === 'roundRobin' ? roundRobin() : inTurns(leastPending(random), nextTick);
}

/**
 * Takes two connections at random, and of these the one with fewer pending calls. Unlike the least of all, it does not let
 * every caller choose the same kite at the same time.
 */
export function leastPending(random: () => number): Picker {
  return (ready) => {
    const count = ready.length;
    if (count < 2) return ready[0];
    const first = Math.floor(random() * count);
    // Another one than the first.
    const second = (first + 1 + Math.floor(random() * (count - 1))) % count;
    const [one, other] = [ready[first], ready[second]];
    return one && other && other.pending < one.pending ? other : one;
  };
}

/** Takes the connections in turn. */
export function roundRobin(): Picker {
  let next = 0;
  return (ready) => {
    next = next < ready.length ? next : 0;
    return ready[next++];
  };
}
