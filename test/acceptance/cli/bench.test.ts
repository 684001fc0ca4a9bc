import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bin, Cli, cleanEnv, Running } from '../../helpers/cli/cli-harness.js';
import { TestKite } from '../../helpers/cli/cli-kite.js';

let cli: Cli;
let remote: TestKite;
let to: string[];

beforeAll(async () => {
  cli = await Cli.create();
  remote = new TestKite();
  remote.kite
    .handle('endless', async function* () {
      for (;;) yield 'x';
    })
    .disableAuthentication();
  await remote.kite.listen();
  to = ['--to', remote.url];
});

afterAll(async () => {
  await remote.kite.close();
  await cli.remove();
});

describe('kitectl bench of streams and bytes', () => {
  const report = async (...args: string[]): Promise<Record<string, number>> => {
    const { stdout } = await cli.run(['bench', ...args, '--json', ...to]);
    return JSON.parse(stdout) as Record<string, number>;
  };

  it('bench counts the items of a method that streams', async () => {
    const { calls, succeeded, failed, items, itemsPerSecond } = await report(
      'tail',
      'x',
      '--duration',
      '200ms',
    );
    expect({ failed, succeeded: (succeeded ?? 0) > 0 }).toEqual({ failed: 0, succeeded: true });
    expect(items).toBeGreaterThanOrEqual(3 * (succeeded ?? 0));
    expect(items).toBeLessThanOrEqual(3 * (calls ?? 0));
    expect(itemsPerSecond).toBeGreaterThan(0);
  });

  it('bench cancels streams that do not end, after the duration', async () => {
    const { code, stdout, stderr } = await cli.run([
      'bench',
      'endless',
      '--duration',
      '200ms',
      '--parallel',
      '2',
      ...to,
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^succeeded\t0 of 2 calls$/m);
    expect(stdout).toMatch(/^items\t[1-9]\d*, [1-9]\d* items\/s$/m);
    expect(stdout).toMatch(/^pending\t2$/m);
  });

  it('bench counts the bytes of arguments, of results and of streams', async () => {
    const path = join(cli.home, 'image');
    writeFileSync(path, Buffer.alloc(100_000));
    const bytes = await report('thumbnail', `@bytes:${path}`, '--duration', '200ms');
    expect(bytes).toMatchObject({ failed: 0, items: 0, bytesReceived: 4 * (bytes['succeeded'] ?? 0) });
    expect(bytes['bytesSent']).toBe(100_000 * (bytes['calls'] ?? 0));
    const stream = await report('upload', 'a', `@stream:${path}`, '--duration', '200ms');
    expect(stream).toMatchObject({ failed: 0, bytesReceived: 0 });
    expect(stream['bytesSent']).toBe(100_000 * (stream['calls'] ?? 0));
    const shown = await cli.run(['bench', 'thumbnail', `@bytes:${path}`, '--duration', '200ms', ...to]);
    expect(shown.stdout).toMatch(/^bytes sent\t\d+, \d+\.\d MiB\/s\nbytes received\t\d+, \d+\.\d MiB\/s$/m);
  });

  it('bench rejects the stream of standard input, which can be read only once', async () => {
    const { code, stderr } = await cli.run(['bench', 'upload', 'a', '@stream:-', ...to], { input: '' });
    expect(code).toBe(2);
    expect(stderr).toContain('standard input can be read only once');
    expect(stderr).toContain('hint: Pass a file: @stream:PATH');
  });
});

describe('kitectl bench', () => {
  it('bench prints throughput and latencies, one value per line in a pipe', async () => {
    const { code, stdout, stderr } = await cli.run(['bench', 'square', '4', '--duration', '200ms', ...to]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^method\tsquare at http:\S+\n/);
    expect(stdout).toMatch(/^throughput\t[1-9]\d* calls\/s$/m);
    for (const name of ['min', 'mean', 'p50', 'p99', 'p99.9', 'max']) {
      expect(stdout).toMatch(new RegExp(`^latency ${name}\\t[\\d.]+ ms$`, 'm'));
    }
  });

  it('bench opens --connections connections and calls at --rate', async () => {
    let connections = 0;
    const off = remote.kite.on('connect', () => connections++);
    const before = remote.calls;
    const { code, stdout } = await cli.run([
      'bench',
      'square',
      '4',
      '--connections',
      '7',
      '--rate',
      '100',
      '--duration',
      '300ms',
      '--json',
      ...to,
    ]);
    off();
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as { latency: { p50: number; max: number } };
    expect(report).toMatchObject({
      method: 'square',
      connections: 7,
      rate: 100,
      calls: 30,
      succeeded: 30,
      failed: 0,
      missed: 0,
      errors: {},
    });
    expect(report.latency.p50).toBeLessThanOrEqual(report.latency.max);
    expect(connections).toBe(7);
    expect(remote.calls - before).toBe(30);
  });

  it('bench counts failures by type, and exits with the code of the first failure if no call succeeded', async () => {
    const { code, stdout, stderr } = await cli.run(['bench', 'fail', '--duration', '100ms', '--json', ...to]);
    expect(code).toBe(1);
    const report = JSON.parse(stdout) as { failed: number; errors: object; latency: unknown };
    expect(report.latency).toBeNull();
    expect(report.errors).toEqual({ tooBad: report.failed });
    expect(stderr).toContain('"type":"tooBad"');
    expect((await cli.run(['bench', 'nothere', '--duration', '50ms', ...to])).code).toBe(7);
    expect((await cli.run(['bench', 'square', '--parallel', '2', '--connections', '3', ...to])).code).toBe(2);
    expect((await cli.run(['bench', 'square', '--rate', '0', ...to])).code).toBe(2);
  });

  it.each([
    { what: 'a method that does not exist', args: ['nothere'], code: 7, type: 'methodNotFound' },
    { what: 'arguments that the method rejects', args: ['square', '"x"'], code: 1, type: 'argumentError' },
    { what: 'credentials that the kite rejects', args: ['whoami'], code: 4, type: 'authenticationError' },
  ])('bench ends at the first failure for $what, without a report', async ({ args, code, type }) => {
    const before = remote.calls;
    const outcome = await cli.run(['bench', ...args, '--duration', '1h', '--json', ...to]);
    expect(outcome).toMatchObject({ code, stdout: '' });
    expect(outcome.stderr).toContain(`"type":"${type}"`);
    expect(remote.calls - before).toBeLessThanOrEqual(1);
  });

  it('bench shows its progress on a terminal, and prints its results when it is interrupted', async () => {
    const child = spawn(
      'script',
      ['-qec', `stty cols 100; "$NODE" "$BIN" bench square 4 --duration 1h --to ${remote.url}`, '/dev/null'],
      {
        env: cleanEnv(cli.home, { NODE: process.execPath, BIN: bin, NO_COLOR: '1' }),
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    const running = new Running(child);
    await running.until(({ stdout }) => /\[ +\] {3}0 % {2}\d+ calls\/s/.test(stdout));
    child.stdin.write('\u0003');
    const { code, stdout } = await running.outcome;
    expect(code).toBe(130);
    expect(stdout).toContain('│ throughput');
    expect(stdout).toMatch(/│ succeeded\s+│ [1-9]\d* of \d+ calls/);
  });

  it('bench prints its results in a pipe when it is interrupted', async () => {
    const before = remote.calls;
    const running = cli.start(['bench', 'square', '4', '--duration', '1h', '--json', ...to]);
    await expect.poll(() => remote.calls - before, { timeout: 10_000 }).toBeGreaterThan(10);
    running.child.kill('SIGINT');
    const { code, stdout } = await running.outcome;
    expect(code).toBe(130);
    expect((JSON.parse(stdout) as { succeeded: number }).succeeded).toBeGreaterThan(0);
  });
});
