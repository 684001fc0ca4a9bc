import { MAX_HEARTBEAT, MIN_HEARTBEAT } from './kite-limits.js';

/** Returns the interval of heartbeats in seconds that is used if a peer requests this one. */
export function heartbeatInterval(requested: number): number {
  return Math.min(Math.max(requested, MIN_HEARTBEAT), MAX_HEARTBEAT);
}
