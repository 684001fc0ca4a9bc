import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/lib/util/logger.js';

describe('silentLogger', () => {
  it('silentLogger reports that messages of level debug are disabled', () => {
    expect(silentLogger.isLevelEnabled?.('debug')).toBe(false);
  });
});
