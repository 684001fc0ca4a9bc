/**
 * Tests of kites with a Kontrol in the same process, and with a clock that the test advances.
 *
 *     node --test examples/testing.js
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isKiteError } from 'kitectl';
import { ManualClock, testKontrol } from 'kitectl/testing';

interface MathKite {
  square(n: number): number;
}

await test('a kite of alice finds math and authenticates as alice', async (t) => {
  const kontrol = await testKontrol();
  t.after(() => kontrol.close());
  const callers: string[] = [];
  const math = await kontrol.kite('math', { username: 'alice' });
  math.handle<[number], number>('square', ({ args: [n], username }) => {
    callers.push(username);
    return n * n;
  });
  await math.listen();
  await math.register();

  const caller = await kontrol.kite('caller', { username: 'alice' });
  const [found] = await caller.getKites({ username: 'alice', environment: 'test', name: 'math' });
  assert.ok(found);
  const client = found.client<MathKite>();
  await client.dial();
  assert.equal(await client.tell('square', 4), 16);
  assert.deepEqual(callers, ['alice']);
});

await test('a throttled method accepts calls again after its interval', async (t) => {
  const clock = new ManualClock();
  const kontrol = await testKontrol({ clock });
  t.after(() => kontrol.close());
  const math = await kontrol.kite('math');
  math.handle('square', () => 16).throttle({ interval: 60_000, capacity: 1 });
  await math.listen();

  const caller = await kontrol.kite('caller');
  const auth = { type: 'kiteKey', key: await kontrol.kiteKey('bob') };
  const client = caller.newClient<MathKite>(math.url ?? '', { auth });
  await client.dial();
  assert.equal(await client.tell('square', 4), 16);
  await assert.rejects(client.tell('square', 4), (error) => isKiteError(error, 'requestLimitError'));
  clock.advance(60_000);
  assert.equal(await client.tell('square', 4), 16);
});
