import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/lib/util/logger.js';

describe('silentLogger', () => {
  it('says that messages of level debug need not be made', () => {
    expect(silentLogger.isLevelEnabled?.('debug')).toBe(false);
  });
});
