/// <reference lib="esnext.disposable" preserve="true" />

import type { CallbackAnswer } from '../callbacks/callback-answer.js';

/**
 * A callback that the peer has passed. Calling it sends a message, and returns a promise of what it returns there. The program does
 * not have to read it: see `CallbackAnswer`. Throws if the arguments cannot be sent.
 *
 * A callback among the arguments of a call can be called until the call has ended, unless its caller has shared it for longer.
 * One in a result lives until it is released or the connection ends: release it with `release()`, or declare it with `using`. If
 * the program loses it, it is released when it is garbage collected.
 *
 * @example
 *     kite.handle<[RemoteFunction<[question: string], boolean>]>('delete', async ({ args: [confirm] }) => {
 *       if (await confirm('Sure?')) remove();
 *     });
 */
export interface RemoteFunction<Args extends unknown[] = unknown[], Result = unknown> {
  (...args: Args): CallbackAnswer<Result>;
  /** Tells the peer that the callback is not used any more. */
  readonly release: () => void;
  [Symbol.dispose](): void;
}
