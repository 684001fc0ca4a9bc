import { describe, expect, it } from 'vitest';
import { applyFreshKey } from '../../../../src/lib/kite/kontrol/apply-fresh-key.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';

describe('applyFreshKey', () => {
  it('applyFreshKey uses the key before it stores it', async () => {
    const steps: unknown[] = [];
    await applyFreshKey('jwt', {
      use: (auth) => steps.push(auth),
      save: async (jwt) => void steps.push(jwt),
      logger: silentLogger,
    });
    expect(steps).toEqual([{ type: 'kiteKey', key: 'jwt' }, 'jwt']);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('the disk is full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the disk is full'))],
  ])(
    'applyFreshKey logs that the key cannot be stored if the storage %s, and uses it',
    async (_how, save) => {
      const used: unknown[] = [];
      const errors: string[] = [];
      const logger = { ...silentLogger, error: (message: string) => void errors.push(message) };
      await applyFreshKey('hunter2', { use: (auth) => used.push(auth), save, logger });
      expect(used).toHaveLength(1);
      expect(errors).toEqual([expect.stringContaining('Cannot store the fresh kite key')]);
      expect(errors.join()).toContain('the disk is full');
      expect(errors.join()).not.toContain('hunter2');
    },
  );
});
