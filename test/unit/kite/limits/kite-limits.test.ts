import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../../src/lib/kite/limits/kite-limits.js';

describe('defaultLimits', () => {
  it.each(Object.entries(defaultLimits))('defaultLimits has a positive integer for %s', (_name, value) => {
    expect(Number.isSafeInteger(value) && value > 0).toBe(true);
  });

  it('defaultLimits cannot be changed for the whole process', () => {
    expect(Object.isFrozen(defaultLimits)).toBe(true);
  });

  it('defaultLimits pauses a connection before its send queue is full', () => {
    expect(defaultLimits.pauseBytes).toBeLessThan(defaultLimits.sendQueueBytes);
    expect(defaultLimits.messageBytes).toBeLessThan(defaultLimits.sendQueueBytes);
  });
});
