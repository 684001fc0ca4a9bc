import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/**
 * Starts a program with `spawn`, and returns its process. Every program is started here: if it cannot be started, its process
 * may have no streams, so nothing may use them. The result is then a promise that rejects with
 * what `failed` makes of the error.
 */
export function startChild<Child extends ChildProcess>(
  spawnChild: () => Child,
  failed: (error: unknown) => Error,
): Child | Promise<never> {
  const child = spawnChild();
  if (child.pid === undefined) return startFailure(child, failed);
  // The process runs. Errors of signals that it could not be sent are not failures.
  child.on('error', () => {});
  return child;
}

async function startFailure(child: ChildProcess, failed: (error: unknown) => Error): Promise<never> {
  const error: unknown = await once(child, 'spawn').catch((cause: unknown) => cause);
  throw failed(error);
}
