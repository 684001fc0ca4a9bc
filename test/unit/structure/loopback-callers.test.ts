import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { noProxy } from '../../../src/lib/transport/handshake/forward-proxy.js';
import { kontrolStartOptions } from '../../../src/lib/cli/kontrol/kontrol-start-options.js';
import { proxyStartOptions } from '../../../src/lib/cli/proxy/proxy-start-options.js';
import { chooseKey } from '../../../src/lib/cli/target/choose-key.js';
import { keyRefusal } from '../../../src/lib/cli/target/key-recipient.js';
import { isLoopbackTarget } from '../../../src/lib/cli/target/loopback-target.js';
import { writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { Kite } from '../../../src/lib/kite/kite.js';
import { HostPolicy } from '../../../src/lib/kite/serve/host-policy.js';
import { checkOpenRegistration } from '../../../src/lib/kontrol/kontrol-options.js';
import { exposedMembers } from '../../../src/lib/kontrol/storage/etcd/etcd-config.js';
import { requireLocal } from '../../../src/lib/kontrol/storage/postgres/database.js';
import { protectionOf } from '../../../src/lib/kontrol/storage/postgres/postgres-config.js';
import { MemoryStorage } from '../../../src/lib/kontrol/storage/memory/memory-storage.js';
import { BackendPolicy } from '../../../src/lib/proxy/reverse/backend-policy.js';
import { canonicalAddress } from '../../../src/lib/util/ip-addresses.js';
import { remoteIp } from '../../../src/lib/transport/channel/remote-address.js';
import { dialWebSocket } from '../../../src/lib/transport/websocket/dial-websocket.js';
import { acceptKey } from '../../../src/lib/transport/websocket/upgrade.js';
import { OriginPolicy } from '../../../src/lib/transport/server/origin-policy.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { defaultLimits } from '../../../src/lib/kite/limits/kite-limits.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { connectionHint } from '../../../src/ui/connection-hint.js';
import { settingsOf } from '../../helpers/cli/command-settings.js';
import { testKeyPair, testKiteKey } from '../../helpers/kite/keys.js';

// Every caller of a loopback check gives the same answer: each row is tested with each caller.

interface Row {
  /** The host in a URL. */
  readonly host: string;
  /** The addresses to which the host resolves. */
  readonly addresses: readonly string[];
  /** Whether `Host` and `Origin` checks accept it. */
  readonly named: boolean;
  /** Whether a connection to it is local. */
  readonly stays: boolean;
}

const address = (host: string, loopback: boolean): Row => ({
  host,
  addresses: [host.replace(/^\[(.*)\]$/, '$1')],
  named: loopback,
  stays: loopback,
});

const ROWS: readonly Row[] = [
  address('127.0.0.1', true),
  address('127.8.9.10', true),
  address('127.255.255.254', true),
  address('[::1]', true),
  address('[::ffff:127.0.0.1]', true),
  address('[::ffff:7f08:90a]', true),
  address('128.0.0.1', false),
  address('126.0.0.1', false),
  address('203.0.113.7', false),
  address('[::2]', false),
  address('[fd00::1]', false),
  address('[::ffff:128.0.0.1]', false),
  { host: 'localhost', addresses: ['127.0.0.1', '::1'], named: true, stays: true },
  { host: 'localhost', addresses: ['127.0.0.1', '203.0.113.7'], named: true, stays: false },
  { host: 'localhost', addresses: [], named: true, stays: false },
  { host: 'kites.localhost', addresses: ['127.0.0.1'], named: true, stays: true },
  { host: 'kites.localhost', addresses: ['203.0.113.7'], named: true, stays: false },
  { host: 'localhost.example.com', addresses: ['127.0.0.1'], named: false, stays: false },
  { host: '127.0.0.1.example.com', addresses: ['127.0.0.1'], named: false, stays: false },
  { host: 'kites.example.com', addresses: ['203.0.113.7'], named: false, stays: false },
];

const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

const lookupOf =
  ({ addresses }: Row) =>
  (): Promise<readonly string[]> =>
    addresses.length > 0 ? Promise.resolve(addresses) : Promise.reject(new Error('ENOTFOUND'));

let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'kitectl-loopback-'));
  await writeKiteKeyFile(testKiteKey('alice', await testKeyPair(), systemClock).jwt, { home });
});

afterAll(() => rm(home, { recursive: true, force: true }));

/** Callers that check the name in `Host`, `Origin` or a flag. */
const BY_NAME: Readonly<Record<string, (row: Row) => boolean>> = {
  'the Host of a request to a kite': ({ host }) =>
    new HostPolicy(undefined).allows({ headers: { host: `${host}:3636` } } as IncomingMessage, true),
  'the Origin of a page': ({ host }) =>
    new OriginPolicy([]).allows({
      headers: { host: 'other.example', origin: `http://${host}:8080` },
    } as IncomingMessage),
  "the hint of Kontrol's page": ({ host }) => {
    const page = {
      protocol: 'https:',
      hostname: 'kontrol.example.com',
      origin: 'https://kontrol.example.com',
    };
    return connectionHint(`ws://${host}:3636/kite`, page)?.includes('only its own machine') === true;
  },
  'the warnings of kontrol start': ({ host }) => {
    const flags = { initial: false, force: false, webrtc: false, ip: bare(host) };
    const { warnings } = kontrolStartOptions(flags, { KITE_HOME: home });
    return !warnings.some((warning) => warning.includes('on the network'));
  },
  'the warnings of proxy start': ({ host }) => {
    const { warnings } = proxyStartOptions({ ip: bare(host) }, {});
    return !warnings.some((warning) => warning.includes('on the network'));
  },
  'the address at which proxy start listens': ({ host }) =>
    proxyStartOptions({ 'public-host': `${host}:3999` }, {}).ip === '127.0.0.1',
};

/** Callers that decide about credentials and TLS by the dialed address. */
const BY_ADDRESS: Readonly<Record<string, (row: Row) => Promise<boolean>>> = {
  'the kite key that is sent by default': async (row) => {
    const target = `http://${row.host}:3636/kite`;
    const chosen = await chooseKey(target, settingsOf({}, { KITE_HOME: home }), lookupOf(row));
    expect(chosen?.always ?? false).toBe(false);
    return chosen !== undefined;
  },
  'the target of a command': (row) => isLoopbackTarget(`ws://${row.host}/kite`, lookupOf(row)),
  'the protection of PostgreSQL': async ({ host, ...row }) => {
    const config = {
      type: 'postgres',
      host: bare(host),
      port: 1,
      user: '',
      password: '',
      database: '',
      connectTimeout: 1,
    } as const;
    return (await protectionOf(config, lookupOf({ host, ...row }))) === 'local';
  },
  'the warning of etcd': async (row) => {
    const config = { type: 'etcd', machines: [`http://${row.host}:2379`] } as const;
    return (await exposedMembers(config, lookupOf(row))).length === 0;
  },
  'open registration': (row) =>
    checkOpenRegistration(
      { storage: new MemoryStorage(), registration: 'open' },
      bare(row.host),
      lookupOf(row),
    ).then(
      () => true,
      (error: unknown) => {
        expect(error).toMatchObject({ code: 'openRegistration' });
        return false;
      },
    ),
};

/** Callers that check the address of a connection. */
const BY_CONNECTION: Readonly<Record<string, (address: string) => boolean>> = {
  'a connection that sends a kite key': (remote) => {
    const remoteAddress = remote.includes(':') ? `[${remote}]:50412` : `${remote}:50412`;
    expect(remoteIp(remoteAddress)).toBe(remote);
    const peer = { url: 'http://kites.localhost/kite', remoteAddress };
    const own = (): readonly number[] => [process.geteuid?.() ?? -1];
    const refused = keyRefusal(peer, 'kite', settingsOf({}, {}), own);
    if (refused) expect(refused.message).toContain(`is at ${remote}, on another machine`);
    return refused === undefined;
  },
  'a connection to PostgreSQL without TLS': (remoteAddress) => {
    let ended: unknown;
    requireLocal({ remoteAddress, destroy: (error) => (ended = error) });
    return ended === undefined;
  },
  'a target of the reverse proxy': (remote) => {
    const policy = new BackendPolicy({ localKites: true, ownAddresses: () => [] });
    return policy.isOwn(canonicalAddress(remote) ?? '');
  },
};

it(`loopback checks are tested with ${Object.keys({ ...BY_NAME, ...BY_ADDRESS, ...BY_CONNECTION }).length} callers and ${ROWS.length} hosts`, () => {
  expect(ROWS.filter(({ stays }) => stays).length).toBeGreaterThan(5);
  expect(ROWS.filter(({ named, stays }) => named && !stays).length).toBeGreaterThan(2);
});

describe.each(Object.entries(BY_NAME))('%s', (_, answer) => {
  it.each(ROWS)('the caller checks the name $host: $named', (row) => {
    expect(answer(row)).toBe(row.named);
  });
});

describe.each(Object.entries(BY_ADDRESS))('%s', (_, answer) => {
  it.each(ROWS)('the caller checks the addresses of $host, $addresses: $stays', async (row) => {
    expect(await answer(row)).toBe(row.stays);
  });
});

describe.each(Object.entries(BY_CONNECTION))('%s', (_, answer) => {
  it.each(ROWS.filter(({ host, addresses }) => addresses[0] === bare(host)))(
    'the caller checks the address of the connection $host: $stays',
    ({ host, stays }) => {
      expect(answer(bare(host))).toBe(stays);
    },
  );
});

it('a connection through a Unix socket, which has no address, is local', () => {
  const ended: unknown[] = [];
  requireLocal({ remoteAddress: undefined, destroy: (error) => ended.push(error) });
  expect(ended).toEqual([]);
});

it('an allow-list of targets may contain a loopback name, and no other name of this machine', () => {
  const policy = new BackendPolicy({
    allow: ['kites.localhost', 'kites.example.com'],
    localKites: false,
    ownAddresses: () => [],
  });
  expect(policy.allows('127.0.0.1', 'kites.localhost', '203.0.113.7')).toBe(true);
  expect(policy.allows('127.0.0.1', 'kites.example.com', '203.0.113.7')).toBe(false);
});

const ownAddresses = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  // A link-local address needs its interface.
  .filter(({ address: own }) => !own.startsWith('fe80:'));

describe.each([...ownAddresses, { address: 'localhost', internal: true }])(
  'the local address $address',
  ({ address: own, internal }) => {
    it('a kite reports whether it listens on loopback only', async () => {
      const kite = new Kite('math', '1.0.0', {
        kiteKey: false,
        env: {},
        ip: own,
        port: 0,
        logger: silentLogger,
      });
      expect(kite.listensAtLoopback).toBe(false);
      await kite.listen();
      onTestFinished(() => kite.close());
      expect(kite.listensAtLoopback).toBe(internal);
    });

    it('a WebSocket masks frames if it leaves this machine', async () => {
      const { url, firstFrame } = await startWebSocketServer(own);
      const channel = await dialWebSocket(url, '/', false, {
        transport: 'RawWebSocket',
        handshakeTimeout: 0,
        limits: defaultLimits,
        clock: systemClock,
        findProxy: noProxy,
      });
      onTestFinished(() => channel.close());
      channel.send('hello');
      const frame = await firstFrame;
      expect(frame[1]).toBe(0x80 | 5);
      expect(frame.subarray(2, 6).equals(Buffer.alloc(4))).toBe(internal);
    });
  },
);

/** A server that accepts one WebSocket, and resolves with its first frame. */
async function startWebSocketServer(
  host: string,
): Promise<{ readonly url: URL; readonly firstFrame: Promise<Buffer> }> {
  const server = net.createServer();
  const firstFrame = new Promise<Buffer>((resolve) => {
    server.on('connection', (socket) => {
      onTestFinished(() => void socket.destroy());
      socket.once('data', (head) => {
        const key = /sec-websocket-key: (\S+)/i.exec(head.toString())?.[1] ?? '';
        socket.once('data', resolve);
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
            `Sec-WebSocket-Accept: ${acceptKey(key)}\r\n\r\n`,
        );
      });
    });
  });
  server.listen(0, host);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`ws://${host.includes(':') ? `[${host}]` : host}:${port}/`), firstFrame };
}
