/** How a service chooses among the kites that are ready: see `ServiceOptions.balance`. */
export type Balance = 'leastPending' | 'roundRobin';

/** Something that calls can be made over. */
export interface Loaded {
  /** The calls that wait for an answer. */
  readonly pending: number;
}

/**
 * Chooses one of some connections. Undefined only if there are none. `recent`: the one that has answered a call last, if it is
 * among them.
 */
export type Picker = <Connected extends Loaded>(
  ready: readonly Connected[],
  recent: Connected | undefined,
) => Connected | undefined;

export function pickerOf(balance: Balance, random: () => number): Picker {
  return balance === 'roundRobin' ? roundRobin() : leastPending(random);
}

/**
 * Takes two connections at random, and of these the one with fewer pending calls. Unlike the least of all, it does not let every
 * caller choose the same kite at the same time. While calls run, one of the two is the connection that has answered last: answers
 * that arrive together are followed by calls that are sent together, which costs less.
 */
export function leastPending(random: () => number): Picker {
  return (ready, recent) => {
    const count = ready.length;
    if (count < 2) return ready[0];
    const first = Math.floor(random() * count);
    const one = ready[first];
    if (recent && one && one !== recent && one.pending > 0)
      return one.pending < recent.pending ? one : recent;
    // Another one than the first.
    const second = ready[(first + 1 + Math.floor(random() * (count - 1))) % count];
    return one && second && second.pending < one.pending ? second : one;
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
