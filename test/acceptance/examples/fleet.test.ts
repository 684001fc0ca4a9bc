import { expect, it } from 'vitest';
import { startExample } from '../../helpers/process/example.js';

it('the example fleet calls one kite, all kites and the kite of a key, and loses no call while a kite restarts', async () => {
  const { code, stdout, stderr } = await startExample('fleet').outcome;
  expect([code, stdout]).toEqual([0, '16\none, three, two\ntrue\nrestarted\n']);
  expect(stderr).toMatch(/^ready: /m);
});
