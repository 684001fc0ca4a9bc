import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/lib/util/clock.js';
import { root } from '../../helpers/source-files.js';

describe('systemClock', () => {
  it('systemClock reads the time of the system', () => {
    const before = Date.now();
    expect(systemClock.now()).toBeGreaterThanOrEqual(before);
    expect(systemClock.now()).toBeLessThanOrEqual(Date.now());
  });

  it('systemClock runs a callback once, after its delay', () => {
    vi.useFakeTimers();
    try {
      let ran = 0;
      systemClock.setTimeout(() => ran++, 100);
      const cancelled = systemClock.setTimeout(() => (ran += 10), 100);
      cancelled.cancel();
      vi.advanceTimersByTime(99);
      expect(ran).toBe(0);
      vi.advanceTimersByTime(1000);
      expect(ran).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it('systemClock does not keep a process alive with its timers', async () => {
    const program = `import { systemClock } from './src/lib/util/clock.ts';
      systemClock.setTimeout(() => console.log('late'), 600_000);
      console.log('ready');`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', program],
      { cwd: root },
    );
    expect(stdout).toBe('ready\n');
  });
});
