import type { Clock } from './clock.js';

/**
 * Returns a clock whose `now` goes on from the current time with the monotonic clock, also when the clock of the machine is set.
 * For times that only this process compares. Nodes that share a store compare theirs with each other's, and need the time of the
 * machine.
 */
export function steadyClock(clock: Clock): Clock {
  const offset = clock.now() - clock.monotonic();
  return {
    now: () => clock.monotonic() + offset,
    monotonic: () => clock.monotonic(),
    setTimeout: (callback, ms) => clock.setTimeout(callback, ms),
  };
}
