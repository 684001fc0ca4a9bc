import { expect, it } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { firstLines, startExample } from '../../helpers/process/example.js';

it('the example cluster serves at a URL of each worker, starts one again that is killed, and ends on SIGTERM', async () => {
  const running = startExample('cluster', { args: ['--workers', '2'] });
  const before = await firstLines(running, 2);
  const caller = new Kite('caller', '1.0.0', { kiteKey: false, env: {}, logger: silentLogger });
  const pidAt = async (line = ''): Promise<unknown> => {
    const client = caller.newClient(line.split(' ')[1] ?? '');
    await client.dial();
    return client.tell('pid');
  };
  expect(new Set(before.map((line) => line.split(' ')[1])).size).toBe(2);
  const pids = before.map((line) => Number(line.split(' ')[0]));
  expect(await Promise.all(before.map(pidAt))).toEqual(pids);
  process.kill(pids[0] ?? 0, 'SIGKILL');
  const [, , again] = await firstLines(running, 3);
  expect(await pidAt(again)).toBe(Number(again?.split(' ')[0]));
  await caller.close();
  running.child.kill('SIGTERM');
  const { code, stderr } = await running.outcome;
  expect(code).toBe(0);
  expect(stderr).toContain(`worker ${pids[0]} ended: SIGKILL`);
});
