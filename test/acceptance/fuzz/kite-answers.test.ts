import { expect, it } from 'vitest';
import { ErrorLog } from '../../helpers/fuzz/error-log.js';
import { fuzz, fuzzTimeout, makeDice } from '../../helpers/fuzz/fuzz-run.js';
import { startHostileServer } from '../../helpers/fuzz/hostile-server.js';
import { requestBytes } from '../../helpers/fuzz/http-requests.js';
import { sendBytes } from '../../helpers/fuzz/send-bytes.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { makeKite, registerRaw, startKite, startReverseProxy } from '../../helpers/proxy/proxy.js';

// Answers of a hostile kite to the requests that the reverse proxy forwards.

const RESULTS = { register: { url: 'http://127.0.0.1:1/kite' } };

it('random answers of a kite end neither the reverse proxy nor the sessions of other kites behind it', {
  timeout: fuzzTimeout(),
}, async () => {
  const logger = new ErrorLog();
  const { kontrol } = await startKontrol();
  const proxy = await startReverseProxy(kontrol, { logger });
  const key = await kontrol.newKiteKey('bob');
  const math = await startKite(kontrol);
  const { url } = await math.registerToProxy({ proxyUrl: proxy.url });
  const honest = (await makeKite(kontrol)).newClient(url);
  await honest.dial();
  await fuzz('a kite behind the reverse proxy', async (dice) => {
    const kite = await startHostileServer(makeDice(dice.below(2 ** 31), 0), RESULTS);
    const registered = await registerRaw(proxy, kite.url, { key });
    const { pathname } = new URL(registered.url);
    const endpoints = [
      '',
      '/info',
      '/000/a/xhr',
      '/000/a/websocket',
      '/websocket',
      '/register',
      '/heartbeat',
    ];
    const caller = {
      hosts: ['localhost'],
      paths: endpoints.map((endpoint) => pathname + endpoint),
      bodies: ['["x"]', 'o', ''],
    };
    const { port = 0 } = proxy.kite;
    await Promise.all([1, 2, 3].map(() => sendBytes(port, requestBytes(caller, dice), dice)));
    await registered.leave();
    kite.close();
    expect(logger.errors).toEqual([]);
  });
  expect(await honest.tell('square', 4).catch((error: unknown) => error)).toMatchObject({
    type: 'authenticationError',
  });
  expect(await honest.tell('kite.ping')).toBe('pong');
  honest.close();
});
