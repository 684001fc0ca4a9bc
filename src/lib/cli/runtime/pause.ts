import { setTimeout } from 'node:timers/promises';

/** Waits before another attempt. Rejects with the reason of the signal. Unlike the timers of a clock, keeps the process alive. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}
