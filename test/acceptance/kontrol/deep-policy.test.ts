import { expect, it, onTestFinished } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { parseToken } from '../../../src/lib/keys/kite-token.js';
import { parsePolicy } from '../../../src/lib/kontrol.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { connect, startKontrol } from '../../helpers/kontrol/kontrol.js';

it('a token is valid only for the versions that the policy allows, and Kontrol warns that Go kites accept it for others', async () => {
  const rule = { users: ['alice'], actions: ['query', 'token'], kites: ['/bob/prod/math/1.0.0'] };
  const warnings: string[] = [];
  const { kontrol } = await startKontrol({
    policy: parsePolicy(JSON.stringify({ allow: [rule] }), 'kontrol', 'policy.json'),
    logger: { ...silentLogger, warn: (text) => void warnings.push(text) },
  });
  expect(warnings).toEqual([expect.stringContaining('"/bob/prod/math/1.0.0": kites in Go accept')]);
  const start = async (version: string): Promise<Kite> => {
    const kite = new Kite('math', version, {
      kiteKey: await kontrol.newKiteKey('bob'),
      kontrolUrl: kontrol.url,
      environment: 'prod',
      port: 0,
      env: {},
      logger: silentLogger,
    });
    onTestFinished(() => kite.close({ drainTimeout: 100 }));
    kite.handle('square', () => 16);
    await kite.listen();
    await kite.registerForever();
    return kite;
  };
  const [allowed, other] = [await start('1.0.0'), await start('2.0.0')];
  const { kite: alice } = await connect(kontrol, 'alice');
  const { kite: bob } = await connect(kontrol, 'bob');
  const query = { username: 'bob', environment: 'prod', name: 'math' };
  const found = await alice.getKites(query);
  expect(found.map(({ kite }) => kite.version)).toEqual(['1.0.0']);
  const token = found[0]?.token ?? '';
  expect(parseToken(token).audience).toBe('/bob/prod/math/1.0.0');
  const call = async (kite: Kite, key: string): Promise<unknown> => {
    const client = alice.newClient(kite.url ?? '', { auth: { type: 'token', key } });
    await client.dial();
    return client.tell('square');
  };
  expect(await call(allowed, token)).toBe(16);
  await expect(call(other, token)).rejects.toThrow('its audience is /bob/prod/math/1.0.0');
  const ofBob = (await bob.getKites(query)).map((remote) => parseToken(remote.token).audience);
  expect(ofBob).toEqual(['/bob/prod/math', '/bob/prod/math']);
});

it('a kite that the policy lets a user find but not call is listed without a token', async () => {
  const rule = { users: ['alice'], actions: ['query'], kites: ['/bob/prod/math'] };
  const policy = parsePolicy(JSON.stringify({ allow: [rule] }), 'kontrol', 'policy.json');
  const { kontrol } = await startKontrol({ policy });
  const math = await connect(kontrol, 'bob');
  const url = 'http://127.0.0.1:3636/kite';
  await math.tell('register', { url });
  const { kite: alice } = await connect(kontrol, 'alice');
  const query = { username: 'bob', environment: 'prod', name: 'math' };
  expect(await alice.getKites(query)).toMatchObject([{ url, token: '' }]);
  await expect(alice.getToken(query)).rejects.toThrow('no kites found');
});
