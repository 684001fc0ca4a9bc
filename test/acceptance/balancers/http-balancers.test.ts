import { once } from 'node:events';
import http from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { type Client, Kite, type Transport } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { BALANCERS, behind, startNode, startSilent } from '../../helpers/balancers/balanced.js';
import { balancersInstalled, withoutBalancers } from '../../helpers/balancers/balancer.js';
import { callFrom } from '../../helpers/balancers/call-from.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { ALL_TRANSPORTS } from '../../helpers/transport/transports.js';

const NAMES = Object.keys(BALANCERS);
const BARE_NGINX = 'nginx with nothing but proxy_pass';

/** The load balancers with each transport that they pass on. */
const CASES = NAMES.flatMap((name) =>
  ALL_TRANSPORTS.filter(
    (transport) => name !== BARE_NGINX || transport === 'auto' || transport === 'XHRPolling',
  ).map((transport) => [name, transport] as const),
);

function newClient(url: string, transport: Transport): Client {
  const kite = new Kite('client', '1.0.0', { env: {}, logger: silentLogger, transport });
  onTestFinished(() => kite.close());
  return kite.newClient(url);
}

async function connected(url: string, transport: Transport): Promise<Client> {
  const client = newClient(url, transport);
  await client.dial();
  return client;
}

describe.skipIf(!balancersInstalled)(`kites behind load balancers${withoutBalancers}`, () => {
  it.each(CASES)(
    'a client behind %s calls over %s, with long messages and callbacks',
    async (name, transport) => {
      const nodes = [await startNode('one'), await startNode('other')] as const;
      const { url } = await behind(name, ...nodes);
      const client = await connected(url, transport);
      const long = 'x'.repeat(name === BARE_NGINX ? 900_000 : 5_000_000);
      expect(await client.tell('echo', long)).toBe(long);
      const values: number[] = [];
      expect(await client.tell('count', 500, (value: number) => values.push(value))).toBe(500);
      expect(values).toEqual(Array.from({ length: 500 }, (_, index) => index));
    },
  );

  it.each(CASES)(
    'all calls of a client behind %s reach one of two nodes over %s',
    async (name, transport) => {
      const nodes = [await startNode('one'), await startNode('other')] as const;
      const { url } = await behind(name, ...nodes);
      const used = new Set<unknown>();
      const clients = await Promise.all(Array.from({ length: 24 }, () => connected(url, transport)));
      await Promise.all(
        clients.map(async (client) => {
          const node = await client.tell('node');
          used.add(node);
          for (let calls = 0; calls < 5; calls++) expect(await client.tell('node')).toBe(node);
          expect(client.connected).toBe(true);
        }),
      );
      expect(used).toEqual(new Set(name === BARE_NGINX ? ['one'] : ['one', 'other']));
    },
  );

  it.each(NAMES)(
    'connections through %s survive a silence that is longer than its timeout',
    async (name) => {
      const nodes = [await startNode('one'), await startNode('other')] as const;
      const { url } = await behind(name, ...nodes);
      const transports = CASES.filter(([balancer]) => balancer === name).map(([, transport]) => transport);
      const clients = await Promise.all(transports.map((transport) => connected(url, transport)));
      const ended: string[] = [];
      clients.forEach((client, index) => client.on('disconnect', () => ended.push(transports[index] ?? '')));
      await Promise.all(clients.map((client) => client.tell('node')));
      // The timeout has passed when the same load balancer ends a WebSocket that is silent.
      const silent = await startSilent();
      const control = await behind(
        name === BARE_NGINX ? 'nginx with docs/deploy/nginx.conf' : name,
        silent,
        silent,
      );
      for (let rounds = 0; rounds < 2; rounds++) {
        const socket = new WebSocket(control.url.replace('http', 'ws'));
        await once(socket, 'close');
      }
      expect(ended).toEqual([]);
      expect(await Promise.all(clients.map((client) => client.tell('echo', 'alive')))).toEqual(
        clients.map(() => 'alive'),
      );
    },
    30_000,
  );

  it.each(
    NAMES.flatMap((name) => (['xhr_streaming', 'eventsource'] as const).map((type) => [name, type] as const)),
  )('%s passes the frames of %s on at once', async (name, type) => {
    const nodes = [await startNode('one'), await startNode('other')] as const;
    const { url } = await behind(name, ...nodes);
    const request = http.request(`${url}/000/streaming1/${type}`, {
      method: type === 'eventsource' ? 'GET' : 'POST',
    });
    onTestFinished(() => void request.destroy());
    request.on('error', () => {});
    request.end();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    let text = '';
    const isOpen = (): boolean => /(?:^|\n|data: )o\r?\n/.test(text);
    const beats = (): number => text.split(/(?:^|\n|data: )h\r?\n/).length - 1;
    response.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    while (!isOpen() || beats() < 2) await once(response, 'data');
    expect(response.complete).toBe(false);
  });
});

const DEPLOYED = NAMES.filter((name) => name !== BARE_NGINX);

describe.skipIf(!balancersInstalled)(`callers behind load balancers${withoutBalancers}`, () => {
  it.each(DEPLOYED)(
    'a kite behind %s sees the address of the caller, whatever the caller sends',
    async (name) => {
      const nodes = [await startNode('one', ['127.0.0.1']), await startNode('other', ['127.0.0.1'])] as const;
      const { url } = await behind(name, ...nodes);
      for (const headers of [
        {},
        { 'X-Forwarded-For': '203.0.113.7' },
        { 'X-Forwarded-For': '127.0.0.1' },
        { Forwarded: 'for=203.0.113.7' },
        { 'X-Forwarded-For': '203.0.113.7', Forwarded: 'for=203.0.113.7' },
      ] as const) {
        const { result } = await callFrom('127.0.0.2', { url, method: 'address', args: [] }, headers);
        expect(result).toBe('127.0.0.2');
      }
      const direct = `http://127.0.0.1:${nodes[0].port}/kite`;
      const spoofed = await callFrom(
        '127.0.0.3',
        { url: direct, method: 'address', args: [] },
        { 'X-Forwarded-For': '203.0.113.7' },
      );
      expect(spoofed.result).toMatch(/^127\.0\.0\.3:\d+$/);
    },
  );

  it.each(DEPLOYED)('Kontrol behind %s limits registrations by the address of each caller', async (name) => {
    const { kontrol } = await startKontrol({
      trustedProxies: ['127.0.0.1'],
      limits: { registrationAttempts: 2 },
    });
    const node = { port: kontrol.kite.port ?? 0 };
    const { url } = await behind(name, node, node);
    const attempt = async (
      address: string,
      headers: Readonly<Record<string, string>> = {},
    ): Promise<unknown> => {
      const call = { url, method: 'registerMachine', args: [{ invite: 'wrong', username: 'mallory' }] };
      return (await callFrom(address, call, headers)).error?.type;
    };
    expect(await attempt('127.0.0.2')).toBe('authenticationError');
    expect(await attempt('127.0.0.2')).toBe('authenticationError');
    expect(await attempt('127.0.0.2')).toBe('requestLimitError');
    expect(await attempt('127.0.0.2', { 'X-Forwarded-For': '127.0.0.9' })).toBe('requestLimitError');
    expect(await attempt('127.0.0.2', { Forwarded: 'for=127.0.0.9' })).toBe('requestLimitError');
    expect(await attempt('127.0.0.3')).toBe('authenticationError');
  });
});
