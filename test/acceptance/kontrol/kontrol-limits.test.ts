import { expect, it, onTestFinished } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { connect, startKontrol } from '../../helpers/kontrol/kontrol.js';

const limited = { type: 'requestLimitError' };

it('limits.watchersPerConnection bounds the watchers of one connection', async () => {
  const { kontrol } = await startKontrol({ limits: { watchersPerConnection: 2 } });
  const bob = await connect(kontrol, 'bob');
  const watch = (): Promise<{ watcherID: string }> =>
    bob.subscribe('getKites', { query: { username: 'bob' }, watchCallback: () => undefined });
  const { watcherID } = await watch();
  await watch();
  await expect(watch()).rejects.toMatchObject(limited);
  await bob.tell('cancelWatcher', watcherID);
  await watch();
});

it('limits.registerBodyBytes bounds the body of POST /register', async () => {
  const { origin } = await startKontrol({ limits: { registerBodyBytes: 100 } });
  const post = (body: string): Promise<Response> => fetch(`${origin}/register`, { method: 'POST', body });
  const short = await post('{}');
  expect(short.status).toBe(401);
  const long = await post(JSON.stringify({ url: 'x'.repeat(100) }));
  expect(long.status).toBe(400);
  expect(await long.json()).toMatchObject({ err: 'the body is longer than 100 bytes' });
});

it('limits.registrationAttempts bounds the calls of registerMachine from one address', async () => {
  const { kontrol } = await startKontrol({ limits: { registrationAttempts: 2 } });
  const kite = new Kite('newcomer', '1.0.0', { kiteKey: false, env: {}, logger: silentLogger });
  onTestFinished(() => kite.close());
  const client = kite.newClient(kontrol.kite.url ?? '');
  await client.dial();
  const register = (): Promise<unknown> => client.tell('registerMachine', { invite: 'guess' });
  await expect(register()).rejects.toMatchObject({ code: 'badInvite' });
  await expect(register()).rejects.toMatchObject({ code: 'badInvite' });
  await expect(register()).rejects.toMatchObject(limited);
});

it('limits of every kite apply to Kontrol as well', async () => {
  const { kontrol } = await startKontrol({ limits: { messageBytes: 10_000 } });
  const bob = await connect(kontrol, 'bob');
  await expect(bob.tell('kite.log', 'x'.repeat(20_000))).rejects.toMatchObject({ type: 'disconnect' });
});
