import { once } from 'node:events';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import tls from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { selfSignedCertificate } from '../../../src/lib/keys/index.js';
import type { ReverseProxy } from '../../../src/lib/proxy/reverse/reverse-proxy.js';
import { CertificateReload } from '../../../src/lib/proxy/shared/certificate-reload.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { request } from '../../helpers/transport/http.js';
import { testKeyPair } from '../../helpers/kite/keys.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import {
  makeKite,
  registerRaw,
  startBackend,
  startKite,
  startReverseProxy,
} from '../../helpers/proxy/proxy.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';

async function certificate(index: number, host = '127.0.0.1'): Promise<{ cert: string; key: string }> {
  const keys = await testKeyPair(index);
  return { cert: await selfSignedCertificate({ hosts: [host], keys }), key: keys.privateKey };
}

/** The certificate that the proxy presents to a new connection, PEM. */
async function shown(proxy: ReverseProxy): Promise<string> {
  const socket = tls.connect({ port: proxy.kite.port, host: '127.0.0.1', rejectUnauthorized: false });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  const { raw } = socket.getPeerCertificate();
  socket.destroy();
  return raw.toString('base64');
}

const bare = (pem: string): string => pem.replace(/-----[^-]+-----|\s/g, '');

describe('a reverse proxy with TLS', () => {
  it('the reverse proxy serves its kites over https and wss, and returns such URLs', async () => {
    const { kontrol } = await startKontrol();
    const pair = await certificate(0);
    const proxy = await startReverseProxy(kontrol, { tls: pair });
    const math = await startKite(kontrol);
    const headers = new Promise<unknown>((resolve) => {
      math.handleHttp('/seen', (incoming, response) => {
        resolve(incoming.headers['x-forwarded-proto']);
        response.end();
      });
    });
    const registration = await math.registerToProxy({
      proxyUrl: proxy.url,
      ca: pair.cert,
      url: new URL(math.url ?? '').origin,
    });
    expect(registration.url).toMatch(/^https:/);
    const caller = await makeKite(kontrol);
    for (const transport of ['WebSocket', 'XHRPolling'] as const) {
      const client = caller.newClient(`${registration.url}/kite`, { transport, ca: pair.cert });
      await client.dial();
      expect(await client.tell('kite.ping')).toBe('pong');
      client.close();
    }
    const page = tls.connect({ port: proxy.kite.port, host: '127.0.0.1', ca: pair.cert });
    page.write(
      `GET ${new URL(registration.url).pathname}/seen HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    expect(await headers).toBe('https');
    page.destroy();
  });

  it('the reverse proxy reloads its certificate when the files change, and keeps the old one if the new one is broken', async () => {
    const folder = temporaryFolder();
    const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
    const put = async ({ cert, key }: { cert: string; key: string }): Promise<void> => {
      // An atomic update: a new file replaces the old one.
      for (const [file, text] of [
        [files.key, key],
        [files.cert, cert],
      ] as const) {
        await writeFile(`${file}.new`, text);
        await rename(`${file}.new`, file);
      }
    };
    const read = async () => ({
      cert: await readFile(files.cert, 'utf8'),
      key: await readFile(files.key, 'utf8'),
    });
    const [first, second] = [await certificate(0), await certificate(1)];
    await put(first);
    const { kontrol } = await startKontrol();
    const proxy = await startReverseProxy(kontrol, { tls: first });
    const logged: string[] = [];
    const log = (line: string): void => void logged.push(line);
    const watched = new CertificateReload({
      files: [files.cert, files.key],
      read,
      apply: (pair) => proxy.kite.useTls(pair),
      current: first,
      clock: systemClock,
      logger: { debug: () => undefined, info: log, warn: log, error: log },
    });
    watched.start();
    onTestFinished(() => watched.stop());
    expect(await shown(proxy)).toBe(bare(first.cert));

    await put(second);
    await expect.poll(() => shown(proxy)).toBe(bare(second.cert));
    await put({ cert: first.cert, key: 'broken' });
    await expect.poll(() => logged.at(-1)).toContain('stays in use');
    expect(logged.join()).not.toContain('broken');
    await put({ cert: first.cert, key: second.key });
    await expect.poll(() => logged.at(-1)).toContain('key values mismatch');
    expect(await shown(proxy)).toBe(bare(second.cert));
    // The same for an update in place.
    await writeFile(files.key, first.key);
    await expect.poll(() => shown(proxy)).toBe(bare(first.cert));
  });

  it('the reverse proxy cannot enable TLS while it listens without TLS', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startReverseProxy(kontrol);
    const pair = await certificate(0);
    expect(() => proxy.kite.useTls(pair)).toThrow('without TLS');
  });
});

describe('a kite with TLS behind a reverse proxy', () => {
  it('the reverse proxy connects to a kite with a trusted, matching certificate, or with verification disabled', async () => {
    const { kontrol } = await startKontrol();
    const key = await kontrol.newKiteKey('bob');
    const good = await certificate(0);
    const other = await certificate(1, 'other.example.com');
    const ca = good.cert + other.cert;
    const [goodUrl, otherUrl] = [
      (await startBackend((_incoming, response) => response.end('good'), good)).url,
      (await startBackend((_incoming, response) => response.end('other'), other)).url,
    ];
    const ask = async (options: Parameters<typeof startReverseProxy>[1], url: string) => {
      const proxy = await startReverseProxy(kontrol, {
        resolve: () => Promise.resolve(['127.0.0.1']),
        ...options,
      });
      const kite = await registerRaw(proxy, url, { key });
      const { status, body } = await request('GET', `${kite.url}/x`);
      const socket = await request('GET', `${kite.url}/x`, {
        headers: { connection: 'Upgrade', upgrade: 'websocket' },
      });
      return [
        status,
        status === 200 ? body : (JSON.parse(body) as { error: { type: string } }).error.type,
        socket.status,
      ];
    };
    expect(await ask({ kiteCa: ca }, goodUrl)).toEqual([200, 'good', 200]);
    expect(await ask({}, goodUrl)).toEqual([502, 'certificate', 502]);
    expect(await ask({ kiteCa: ca }, otherUrl)).toEqual([502, 'certificate', 502]);
    expect(await ask({ kiteCa: ca }, otherUrl.replace('127.0.0.1', 'other.example.com'))).toEqual([
      200,
      'other',
      200,
    ]);
    expect(await ask({ verifyKites: false }, otherUrl)).toEqual([200, 'other', 200]);
    // If the URL of a kite has TLS, the proxy sends nothing unencrypted.
    expect(await ask({ kiteCa: ca }, (await startBackend()).url.replace('http', 'https'))).toEqual([
      502,
      'unreachable',
      502,
    ]);
  });
});
