import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { Cli } from '../../helpers/cli/cli-harness.js';
import { peakMemory } from '../../helpers/process/peak-memory.js';

const LINES = 1_000_000;

let cli: Cli;
let kite: Kite;

beforeAll(async () => {
  cli = await Cli.create();
  kite = new Kite('math', '1.0.0', { port: 0, kiteKey: false, env: {}, logLevel: 'warn' });
  kite.handle<[number], number>('square', ({ args: [n] }) => n * n).disableAuthentication();
  await kite.listen();
});

afterAll(async () => {
  await kite.close();
  await cli.remove();
});

describe('call --stdin', () => {
  it('call --stdin handles a million lines in less than 100 MiB of memory', {
    timeout: 180_000,
  }, async () => {
    const args = ['call', 'square', '--stdin', '--parallel', '64', '--to', kite.url ?? ''];
    const { child, outcome } = cli.start(args);
    // The output is counted, not stored.
    child.stdout?.removeAllListeners('data');
    let results = 0;
    let last = '';
    const all = new Promise<void>((resolve) => {
      child.stdout?.on('data', (text: string) => {
        for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) results++;
        last = (last + text).slice(-40);
        if (results === LINES) resolve();
      });
    });
    for (let n = 1; n <= LINES; n += 1000) {
      const lines = Array.from({ length: 1000 }, (_, index) => `${n + index}\n`).join('');
      if (child.stdin?.write(lines) === false) await Promise.race([once(child.stdin, 'drain'), outcome]);
    }
    await Promise.race([all, outcome]);
    const peak = await peakMemory(child.pid);
    child.stdin?.end();
    expect(await outcome).toMatchObject({ code: 0, stderr: '' });
    expect(results).toBe(LINES);
    expect(last).toMatch(/\n999998000001\n1000000000000\n$/);
    expect(peak).toBeLessThan(100);
  });
});
