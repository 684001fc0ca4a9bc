import { expect, it } from 'vitest';
import { heartbeatInterval } from '../../../../src/lib/kite/limits/heartbeat-interval.js';
import { MAX_HEARTBEAT, MIN_HEARTBEAT } from '../../../../src/lib/kite/limits/kite-limits.js';

it.each([
  [-1, MIN_HEARTBEAT],
  [0, MIN_HEARTBEAT],
  [10, 10],
  [1e300, MAX_HEARTBEAT],
  [Number.POSITIVE_INFINITY, MAX_HEARTBEAT],
])('a peer that requests a heartbeat every %d seconds gets one every %d', (requested, used) => {
  expect(heartbeatInterval(requested)).toBe(used);
});
