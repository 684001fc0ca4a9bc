import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { Kite, type Transport } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { testKeyPair, testKiteKey } from '../../helpers/kite/keys.js';

// Nothing that sends credentials follows a redirect: the other host would get them.

const STATUSES = [301, 302, 303, 307, 308];

async function serve(handler: http.RequestListener): Promise<{ url: string; server: http.Server }> {
  const server = http.createServer(handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** A server that redirects every request to another one, which counts what arrives. */
async function redirecting(
  status: number,
): Promise<{ url: string; arrived: string[]; repeated: Promise<void> }> {
  const arrived: string[] = [];
  const other = await serve((request, response) => {
    arrived.push(`${request.method} ${request.url}`);
    response.end('{"url":"http://me/kite","heartbeatInterval":10}');
  });
  let requests = 0;
  let again: () => void = () => {};
  const repeated = new Promise<void>((resolve) => {
    again = resolve;
  });
  const { url, server } = await serve((request, response) => {
    // The sender has handled the response to the first request.
    if (++requests === 2) again();
    request.resume();
    response.writeHead(status, { location: `${other.url}${request.url}` }).end();
  });
  server.on('upgrade', (request, socket) => {
    socket.end(
      `HTTP/1.1 ${status} Moved\r\nLocation: ${other.url}${request.url}\r\nConnection: close\r\n\r\n`,
    );
  });
  return { url: `${url}/kite`, arrived, repeated };
}

async function newKite(kontrolUrl: string): Promise<Kite> {
  const kiteKey = testKiteKey('alice', await testKeyPair(), systemClock).jwt;
  const kite = new Kite('math', '1.0.0', {
    kiteKey,
    kontrolUrl,
    env: {},
    logger: silentLogger,
    timeout: 2000,
  });
  onTestFinished(() => kite.close());
  return kite;
}

const dialing = (transport: Transport) => async (url: string) => {
  const kite = await newKite(url);
  const client = kite.newClient(url, { transport, auth: { type: 'kiteKey', key: 'secret' } });
  onTestFinished(() => client.close());
  await client.dial();
  await client.call('m', []);
};

const SENDERS: Readonly<Record<string, (url: string) => Promise<unknown>>> = {
  'a call over WebSocket': dialing('WebSocket'),
  'a call over a raw WebSocket': dialing('RawWebSocket'),
  'a call over XHR polling': dialing('XHRPolling'),
  'a call over any transport': dialing('auto'),
  'a registration over HTTP': async (url) => (await newKite(url)).registerHttp({ url: 'http://me/kite' }),
};

const rows = Object.keys(SENDERS).flatMap((sender) => STATUSES.map((status) => ({ sender, status })));

it(`redirects are tested with ${Object.keys(SENDERS).length} senders and ${STATUSES.length} statuses`, () => {
  expect(rows.length).toBe(25);
});

it.each(rows)('$sender does not follow a redirect with the status $status', async ({ sender, status }) => {
  const { url, arrived, repeated } = await redirecting(status);
  const failure = SENDERS[sender]?.(url).catch((error: unknown) => error);
  await Promise.race([failure, repeated]);
  expect(arrived).toEqual([]);
});
