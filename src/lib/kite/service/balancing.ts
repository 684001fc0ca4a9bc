/** How a service chooses among the kites that are ready: see `ServiceOptions.balance`. */
export type Balance = 'leastPending' | 'roundRobin';

/** Something that calls can be made over. */
export interface Loaded {
  /** The calls that wait for an answer. */
  readonly pending: number;
}

/** Chooses one of some connections. Undefined only if there are none. */
export type Picker = <Connected extends Loaded>(ready: readonly Connected[]) => Connected | undefined;

export function pickerOf(balance: Balance, random: () => number): Picker {
  return balance === 'roundRobin' ? roundRobin() : leastPending(random);
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
