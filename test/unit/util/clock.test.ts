import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/lib/util/clock.js';
import { root } from '../../helpers/source-files.js';

const HOUR = 3_600_000;

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

  it('systemClock has a monotonic time that does not follow the time of the system', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const before = systemClock.monotonic();
      vi.setSystemTime(systemClock.now() - 3_600_000);
      expect(systemClock.monotonic()).toBeGreaterThanOrEqual(before);
      expect(systemClock.monotonic()).toBeLessThan(before + 600_000);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([2 ** 31 - 1, 2 ** 31, 600 * HOUR, 30 * 24 * HOUR, 100 * 365 * 24 * HOUR])(
    'systemClock runs a callback after %d ms and not before, and can be cancelled until then',
    (ms) => {
      vi.useFakeTimers();
      try {
        let ran = 0;
        systemClock.setTimeout(() => ran++, ms);
        const cancelled = systemClock.setTimeout(() => (ran += 10), ms);
        vi.advanceTimersByTime(ms - 1);
        expect(ran).toBe(0);
        cancelled.cancel();
        vi.advanceTimersByTime(1);
        expect(ran).toBe(1);
        expect(vi.getTimerCount()).toBe(0);
      } finally {
        vi.useRealTimers();
      }
    },
  );

  it('systemClock never runs a callback after an infinite delay', () => {
    vi.useFakeTimers();
    try {
      let ran = 0;
      const timer = systemClock.setTimeout(() => ran++, Number.POSITIVE_INFINITY);
      vi.advanceTimersByTime(100 * 24 * HOUR);
      expect(ran).toBe(0);
      timer.cancel();
      expect(vi.getTimerCount()).toBe(0);
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
