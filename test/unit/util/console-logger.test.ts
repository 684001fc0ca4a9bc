import { afterEach, describe, expect, it, vi } from 'vitest';
import { consoleLogger } from '../../../src/lib/util/console-logger.js';

afterEach(() => vi.restoreAllMocks());

describe('consoleLogger', () => {
  it.each(['debug', 'info', 'warn', 'error'] as const)(
    'consoleLogger writes %s to the console, and does not interpret a message as a format',
    (level) => {
      const written = vi.spyOn(console, level).mockImplementation(() => {});
      consoleLogger[level]('100%s of %o');
      expect(written.mock.calls).toEqual([['%s', '100%s of %o']]);
    },
  );
});
