import { expect, it } from 'vitest';
import { ReverseProxy, TunnelProxy } from '../../../src/lib/proxy.js';
import type { Logger } from '../../../src/lib/util/logger.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { pageFolder } from '../../helpers/kontrol/page-folder.js';
import { makeKite, proxyOptions, startKite, started } from '../../helpers/proxy/proxy.js';

/** A logger that keeps every message. */
class FullLog implements Logger {
  readonly lines: string[] = [];
  isLevelEnabled(): true {
    return true;
  }
  debug(message: string): void {
    this.lines.push(message);
  }
  info(message: string): void {
    this.lines.push(message);
  }
  warn(message: string): void {
    this.lines.push(message);
  }
  error(message: string): void {
    this.lines.push(message);
  }
}

it('Kontrol, kites and proxies log no kite key, token, invite or sign-in code, whatever fails', async () => {
  const logger = new FullLog();
  const { kontrol } = await startKontrol({ logger, page: pageFolder() });
  const options = { ...(await proxyOptions(kontrol)), logger };
  const reverse = await started(new ReverseProxy(options));
  const tunnel = await started(new TunnelProxy(options));
  const math = await startKite(kontrol, { logger });
  const { url } = await math.registerToProxy({ proxyUrl: reverse.url });
  const tunnelled = await makeKite(kontrol, { logger, name: 'tunnelled' });
  await tunnelled.registerToTunnel({ proxyUrl: tunnel.url });
  const key = await kontrol.newKiteKey('alice');
  const caller = await makeKite(kontrol, { logger, kiteKey: key, username: 'alice' });
  const invite = await kontrol.invite('dave');
  const own = await kontrol.newKiteKey('bob');
  const bob = await makeKite(kontrol, { logger, kiteKey: own });
  const token = await bob.getToken({ username: 'bob', environment: 'prod', name: 'math' });
  const [found] = await bob.getKites({ username: 'bob', environment: 'prod', name: 'tunnelled' });
  const through = found?.client();
  await through?.dial();
  expect(await through?.tell('square', 4)).toBe(16);
  through?.close();

  const atKontrol = bob.newClient(kontrol.url, { auth: { type: 'kiteKey', key: own } });
  await atKontrol.dial();
  const { code } = await atKontrol.tell<{ code: string }>('signInCode');
  const secrets = [key, own, token, invite, code];
  /** Calls with a credential at a kite, at both proxies and at Kontrol, most of which fail. */
  for (const type of ['kiteKey', 'token', 'nonsense']) {
    for (const secret of [...secrets, `${key}x`]) {
      for (const target of [math.url ?? '', url, tunnel.url, reverse.url, kontrol.url]) {
        const client = caller.newClient(target, { auth: { type, key: secret } });
        await client.dial();
        await client.tell('square', secret).catch(() => undefined);
        await client.tell('signIn', { code: `${secret}x` }).catch(() => undefined);
        await client.tell('registerMachine', 'dave', `${invite}x`).catch(() => undefined);
        client.close();
      }
    }
  }
  await atKontrol.tell('signIn', { code });
  atKontrol.close();
  const body = JSON.stringify({ url: key, kite: { id: key }, auth: { type: 'kiteKey', key: `${key}x` } });
  await fetch(new URL('/register', kontrol.url), { method: 'POST', body });
  await fetch(new URL(`/heartbeat?id=${token}`, kontrol.url));

  const text = logger.lines.join('\n');
  expect(logger.lines.length).toBeGreaterThan(10);
  for (const secret of secrets) {
    // The signature is what makes it a credential.
    const end = secret.split('.').at(-1) ?? secret;
    expect(text.includes(end.slice(0, 20))).toBe(false);
  }
  console.log(`logged secrets: ${logger.lines.length} lines checked`);
});
