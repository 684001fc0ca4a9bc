import { expect, it, onTestFinished } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { startExample } from '../../helpers/process/example.js';

it('the example math squares a number for everyone, rejects other arguments, and ends when it is interrupted', async () => {
  const example = startExample('math', { args: ['--port', '0'] });
  await example.until(({ stderr }) => stderr.includes('listens at'));
  const [url = ''] = /http:\S+/.exec(example.stderr) ?? [];

  const kite = new Kite('caller', '1.0.0', { kiteKey: false, env: {} });
  onTestFinished(() => kite.close());
  const client = kite.newClient(url);
  await client.dial();
  expect(await client.tell('square', 4)).toBe(16);
  await expect(client.tell('square', 'four')).rejects.toMatchObject({
    type: 'argumentError',
    message: 'square takes a number, not "four".',
  });
  example.child.kill('SIGINT');
  expect((await example.outcome).code).toBe(0);
});
