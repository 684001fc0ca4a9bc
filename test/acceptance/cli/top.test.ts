import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kitePath } from '../../../src/lib/index.js';
import { Network } from '../../helpers/cli/cli-network.js';
import type { Running } from '../../helpers/cli/cli-harness.js';
import type { TestKite } from '../../helpers/cli/cli-kite.js';

let network: Network;
let math: TestKite;

beforeAll(async () => {
  network = await Network.create();
  math = await network.register({ systemMethods: ['kite.systemInfo'] });
  await network.register({}, 'quiet');
});

afterAll(() => network.close());

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';

/** Starts top on a terminal, and waits until the kites have answered. */
async function live(...args: string[]): Promise<Running> {
  const running = network.cli.startTerminal(['top', ...args], 110, { env: { NO_COLOR: '1' } });
  await running.until(({ stdout }) => /math .* ms /.test(stdout) && /quiet .* ms/.test(stdout));
  return running;
}

describe('kitectl top in a pipe', () => {
  it('top prints the state of each kite once in a pipe', async () => {
    const { code, stdout, stderr } = await network.cli.run(['top']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [first, second, ...rest] = stdout.split('\n');
    expect(first).toMatch(/^math\t1\.0\.0\tprod\t\S+\t[\d.]+ ms\t[\d.]+ of \d+\t[\d.]+ of [\d.]+ GiB$/);
    expect(second).toMatch(/^quiet\t1\.0\.0\tprod\t\S+\t[\d.]+ ms\t\t$/);
    expect(rest).toEqual(['']);
  });

  it('top prints the selected kites as data and as names', async () => {
    const { stdout } = await network.cli.run(['top', '/bob/prod/math', '--json']);
    const [row, ...others] = JSON.parse(stdout) as Record<string, unknown>[];
    expect(others).toEqual([]);
    expect(row).toMatchObject({ kite: { name: 'math' }, url: math.url, responds: true });
    for (const name of ['latency', 'load', 'processors', 'memoryUsage', 'memoryTotal']) {
      expect(row?.[name]).toEqual(expect.any(Number));
    }
    const names = await network.cli.run(['top', '/bob/prod/math', '-o', 'name']);
    expect(names.stdout).toBe(`${kitePath(math.kite.identity)}\n`);
  });

  it('top reports an error with its exit code', async () => {
    expect((await network.cli.run(['top', '/bob//math'])).code).toBe(2);
    expect((await network.cli.run(['top', '--interval', '1ms'])).code).toBe(2);
    expect((await network.cli.run(['top'], { env: { KITE_HOME: '/nonexistent' } })).code).toBe(3);
    expect((await network.cli.run(['top', '--kontrol', 'http://127.0.0.1:1/kite'])).code).toBe(6);
  });
});

describe('kitectl top on a terminal', () => {
  it('top updates the list on a terminal until q is pressed, and restores the terminal', async () => {
    const running = await live('--interval', '200ms');
    expect(running.stdout.startsWith(ENTER)).toBe(true);
    expect(running.stdout).toContain('2 kites');
    expect(running.stdout).not.toContain(LEAVE);
    const late = await network.register({}, 'late');
    await running.until(({ stdout }) => /late .* ms/.test(stdout) && stdout.includes('3 kites'));
    const from = running.stdout.length;
    await late.kite.close();
    await running.until(({ stdout }) => /late .*no answer|2 kites/.test(stdout.slice(from)));
    running.child.stdin?.write('q');
    const { code, stdout } = await running.outcome;
    expect(code).toBe(0);
    expect(stdout.endsWith(LEAVE)).toBe(true);
  });

  it('top restores the terminal after Ctrl-C', async () => {
    const running = await live();
    running.child.stdin?.write('\u0003');
    const { code, stdout } = await running.outcome;
    expect(code).toBe(130);
    expect(stdout.endsWith(LEAVE)).toBe(true);
  });

  it('top restores the terminal when it is terminated', async () => {
    // The shell that starts it prints its process id, for signals.
    const running = network.cli.startTerminal(['top'], 110, { before: 'echo "pid $$"; exec ' });
    await running.until(({ stdout }) => /math .* ms /.test(stdout));
    process.kill(Number(/pid (\d+)/.exec(running.stdout)?.[1]), 'SIGTERM');
    const { code, stdout } = await running.outcome;
    expect(code).toBe(143);
    expect(stdout.endsWith(LEAVE)).toBe(true);
  });

  it('top --once prints a table', async () => {
    const { code, stdout } = await network.cli.terminal(['top', '--once'], 110, { env: { NO_COLOR: '1' } });
    expect(code).toBe(0);
    expect(stdout).toContain('│ math ');
    expect(stdout).not.toContain('\u001b');
  });
});
