import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../../src/lib/kite/limits/kite-limits.js';

describe('defaultLimits', () => {
  it.each(Object.entries(defaultLimits))('has a whole, positive number for %s', (_name, value) => {
    expect(Number.isSafeInteger(value) && value > 0).toBe(true);
  });

  it('cannot be changed for the whole process', () => {
    expect(Object.isFrozen(defaultLimits)).toBe(true);
  });

  it('pauses a connection before its send queue is full', () => {
    expect(defaultLimits.pauseBytes).toBeLessThan(defaultLimits.sendQueueBytes);
    expect(defaultLimits.messageBytes).toBeLessThan(defaultLimits.sendQueueBytes);
  });
});
