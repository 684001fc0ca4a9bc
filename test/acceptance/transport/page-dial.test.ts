import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { dialInPage } from '../../../src/lib/transport/page/dial-in-page.js';
import type { PagePlatform } from '../../../src/lib/transport/page/page-platform.js';
import type { DialOptions } from '../../../src/lib/transport/handshake/dial-options.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { defaultLimits, type Limits } from '../../../src/lib/kite/limits/kite-limits.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';
import {
  echo,
  Inbox,
  startSockJs,
  type TestServer,
  type TestServerOptions,
} from '../../helpers/transport/sockjs.js';
import { ALL_TRANSPORTS } from '../../helpers/transport/transports.js';

// The transports of pages, in Node: it has the browser APIs that they use.

const platform = { WebSocket, fetch } as unknown as PagePlatform;

async function start(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await startSockJs({ onSession: echo, ...options });
  onTestFinished(() => server.close());
  return server;
}

async function open(
  url: string,
  options: Partial<Omit<DialOptions, 'limits'>> & { limits?: Partial<Limits> } = {},
  page = platform,
) {
  const channel = await dialInPage(page, url, {
    transport: 'auto',
    handshakeTimeout: 10_000,
    clock: systemClock,
    ...options,
    limits: { ...defaultLimits, ...options.limits },
  });
  onTestFinished(() => channel.close());
  const inbox = new Inbox();
  channel.start(inbox);
  return { channel, inbox };
}

describe.each(ALL_TRANSPORTS)('a page over %s', (transport) => {
  it('a page sends messages in order, and the last ones before it closes', async () => {
    const server = await start();
    const { channel, inbox } = await open(server.url, { transport });
    const messages = Array.from({ length: 1000 }, (_, n) => `${n} \u2028 "ü" 👪`);
    for (const message of messages) channel.send(message);
    expect(await inbox.count(messages.length)).toEqual(messages);
    channel.close();
    expect(await inbox.closed()).toEqual({ code: 3000, reason: 'Go away!' });
  });

  it('a page receives the code and reason with which the server closes a session', async () => {
    const server = await start({ onSession: () => {} });
    const next = server.session();
    const { inbox } = await open(server.url, { transport });
    (await next).close(4001, 'enough');
    expect(await inbox.closed()).toEqual({ code: 4001, reason: 'enough' });
  });

  it('a page resolves a URL relative to its own', async () => {
    const { port } = await start();
    const page = { ...platform, location: { href: `http://127.0.0.1:${port}/app/index.html?x#y` } };
    const { channel, inbox } = await open('../kite?token=1', { transport }, page);
    channel.send('here');
    expect(await inbox.count(1)).toEqual(['here']);
  });

  it('a page rejects messages above the limit', async () => {
    const server = await start({ onSession: (channel) => channel.send('x'.repeat(1001)) });
    const { inbox } = await open(server.url, { transport, limits: { messageBytes: 1000 } });
    expect((await inbox.closed())?.code).toBe(1009);
  });

  it('a page aborts a dial when requested, and reports why it cannot connect', async () => {
    const { url } = await start({ allowOrigin: [] });
    const controller = new AbortController();
    controller.abort();
    await expect(open(url, { transport, signal: controller.signal })).rejects.toMatchObject({
      code: 'aborted',
    });
    await expect(open('http://127.0.0.1:9/kite', { transport })).rejects.toMatchObject({
      code: 'refused',
      hint: expect.stringContaining('See the console') as string,
    });
    await expect(open('kite', { transport })).rejects.toMatchObject({ code: 'invalidUrl' });
  });
});

describe('a page', () => {
  /** A server, for example a proxy, that does not answer WebSocket requests. */
  async function swallowing(): Promise<{ url: string; swallowed: Promise<unknown> }> {
    const { sockjs } = await start();
    const server = http.createServer((req, res) => void sockjs.handleRequest(req, res));
    const swallowed = new Promise((resolve) => server.on('upgrade', (_req, socket) => resolve(socket)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(async () => {
      ((await swallowed) as { destroy(): void }).destroy();
      server.closeAllConnections();
      server.close();
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/kite`, swallowed };
  }

  it('a page falls back to polling if the WebSocket has no answer after half of the timeout', async () => {
    const { url, swallowed } = await swallowing();
    const clock = new ManualClock();
    const opened = open(url, { clock });
    await swallowed;
    clock.advance(5000);
    const { channel, inbox } = await opened;
    channel.send('polled');
    expect(await inbox.count(1)).toEqual(['polled']);
  });

  it('a page does not poll if it must use WebSocket', async () => {
    const { url, swallowed } = await swallowing();
    const clock = new ManualClock();
    const opened = open(url, { clock, transport: 'WebSocket' });
    await swallowed;
    clock.advance(10_000);
    await expect(opened).rejects.toMatchObject({ code: 'timeout' });
  });

  it('a page closes a session whose responses exceed the frame limit', async () => {
    const server = await start({ onSession: (channel) => channel.send('x'.repeat(100_000)) });
    const { inbox } = await open(server.url, { transport: 'XHRPolling', limits: { messageBytes: 1000 } });
    expect((await inbox.closed())?.code).toBe(1009);
  });

  it('a page reports that the path is wrong', async () => {
    const { port } = await start();
    await expect(open(`http://127.0.0.1:${port}/other`, { transport: 'XHRPolling' })).rejects.toMatchObject({
      code: 'handshake',
      status: 404,
    });
  });
});
