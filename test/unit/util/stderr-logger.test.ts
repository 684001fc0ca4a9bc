import { describe, expect, it } from 'vitest';
import { type LogLevel, StderrLogger } from '../../../src/lib/util/stderr-logger.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';

function setUp(options: { level?: LogLevel; color?: boolean; isTTY?: boolean } = {}) {
  const lines: string[] = [];
  const { isTTY = false, ...rest } = options;
  const stream = { isTTY, write: (text: string) => lines.push(text) };
  return { lines, logger: new StderrLogger({ ...rest, stream, clock: new ManualClock() }) };
}

function logAll(logger: StderrLogger): void {
  logger.debug('d');
  logger.info('i');
  logger.warn('w');
  logger.error('e');
}

describe('StderrLogger', () => {
  it('StderrLogger writes time, level and message as one line', () => {
    const { lines, logger } = setUp();
    logger.info('listens');
    expect(lines).toEqual(['2026-01-01T00:00:00.000Z INFO  listens\n']);
  });

  it.each([
    ['debug', 4],
    ['info', 3],
    ['warn', 2],
    ['error', 1],
  ] as const)('StderrLogger with the level %s writes that level and those above', (level, count) => {
    const { lines, logger } = setUp({ level });
    logAll(logger);
    expect(lines).toHaveLength(count);
    expect(lines.at(-1)).toContain('ERROR e');
  });

  it('StderrLogger escapes line breaks in a message', () => {
    const { lines, logger } = setUp();
    logger.warn('x\n2026-01-01T00:00:00.000Z INFO  forged\u001b[1A');
    expect(lines).toEqual([
      String.raw`2026-01-01T00:00:00.000Z WARN  x\n2026-01-01T00:00:00.000Z INFO  forged\x1b[1A` + '\n',
    ]);
  });

  it('StderrLogger colors the level on a terminal only, and only if colors are enabled', () => {
    const escape = '\u001b[';
    const line = (options: { color?: boolean; isTTY?: boolean }): string => {
      const { lines, logger } = setUp(options);
      logger.error('e');
      return lines.join('');
    };
    expect(line({ isTTY: true })).toContain(escape);
    expect(line({ isTTY: true, color: false })).not.toContain(escape);
    expect(line({ color: true })).not.toContain(escape);
  });

  it('StderrLogger switches debug messages on and off while it runs', () => {
    const { lines, logger } = setUp({ level: 'warn' });
    logger.toggleDebug();
    logger.debug('on');
    logger.toggleDebug();
    logger.info('off');
    expect(lines).toHaveLength(1);
    expect(logger.level).toBe('warn');
  });

  it('StderrLogger can switch off debug messages if debug is its configured level', () => {
    const { logger } = setUp({ level: 'debug' });
    logger.toggleDebug();
    expect(logger.level).toBe('info');
    logger.toggleDebug();
    expect(logger.level).toBe('debug');
  });
});
