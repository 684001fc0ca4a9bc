import { describe, expect, it } from 'vitest';
import { benchFlags, parseBenchFlags } from '../../../../src/lib/cli/bench/bench-options.js';
import { parseFlags } from '../../../helpers/cli/parse-flags.js';

async function optionsOf(line: string): Promise<ReturnType<typeof parseBenchFlags>> {
  return parseBenchFlags(await parseFlags(benchFlags, line));
}

describe('the load of bench', () => {
  it.each([
    ['', { connections: 1, parallel: 1, duration: 10_000, rate: undefined }],
    ['--connections 10', { connections: 10, parallel: 10 }],
    ['--connections 10 --parallel 64 --duration 5s', { connections: 10, parallel: 64, duration: 5000 }],
    ['--rate 1000', { parallel: 1000, rate: 1000 }],
    ['--rate 0.5/s --connections 2000', { parallel: 2000, rate: 0.5 }],
  ])('the load of bench for %s is %o', async (line, expected) => {
    expect(await optionsOf(line)).toMatchObject(expected);
  });

  it.each([
    ['--connections 0', '--connections is "0"; it must be a whole number from 1 to 10000'],
    ['--connections 2.5', '--connections is "2.5"; it must be a whole number'],
    ['--parallel 100001', '--parallel is "100001"; it must be a whole number from 1 to 100000'],
    ['--connections 8 --parallel 4', '--parallel 4 is less than --connections 8.'],
    ['--duration 25h', '--duration is "25h"; it must be a duration from 1ms to 24h'],
    ['--duration 0', '--duration is "0"; it must be a duration from 1ms to 24h'],
    ['--rate 0', '--rate is "0"; it must be a number of calls per second above 0'],
    ['--rate fast', '--rate is "fast"; it must be a number of calls per second above 0'],
  ])('bench rejects %s: %s', async (line, message) => {
    await expect(optionsOf(line)).rejects.toThrow(message);
  });
});
