/// <reference lib="esnext.disposable" preserve="true" />

import { DISPOSE } from '../../util/dispose.js';

/**
 * A function that the peer can call until it is released, in however many calls it is passed. `peer.share` creates one. It is
 * released by `release()`, or at the end of the block that declares it with `using`.
 */
export type SharedFunction<Fn> = Fn & {
  /** Releases the function. The peer's later calls of it are ignored. */
  readonly release: () => void;
  [Symbol.dispose](): void;
};

/** Returns a function that calls `fn`. It is released with `release`, which is called with the function. */
export function sharedFunction<Args extends unknown[], Result>(
  fn: (...args: Args) => Result,
  release: (shared: (...args: Args) => Result) => void,
): SharedFunction<(...args: Args) => Result> {
  // A function of its own, so that the same function can be shared twice.
  const shared = (...args: Args): Result => fn(...args);
  const end = (): void => release(shared);
  return Object.assign(shared, { release: end, [DISPOSE]: end });
}
