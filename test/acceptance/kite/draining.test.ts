import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite, type KiteOptions } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { untilAborted } from '../../helpers/kite/endless.js';
import { connected, settled } from '../../helpers/kite/cores.js';
import { listenInTest } from '../../helpers/transport/listen-in-test.js';

const ANNOUNCEMENT = '{"method":"kite.draining","arguments":[{"withArgs":[]}],"callbacks":{}}';

/** A kite in memory with a call that runs until `finish`, and its client. */
async function withRunningCall() {
  const pair = await connected();
  let finish: (value: unknown) => void = () => undefined;
  pair.server.handle('slow', () => new Promise((resolve) => (finish = resolve)));
  pair.server.handle('back', ({ client }) => client.tell('kite.ping'));
  await pair.client.tell('kite.ping');
  const slow = pair.client.tell('slow');
  await settled();
  return { ...pair, slow, finish: (value: unknown) => finish(value) };
}

describe('a kite that shuts down', () => {
  it('a kite that shuts down announces it once, and its peers send no new calls while those that run finish', async () => {
    const { server, client, near, far, slow, finish } = await withRunningCall();
    const events: string[] = [];
    client.on('draining', () => events.push('draining'));
    server.drain();
    await settled();
    const sent = near.sent.length;
    await expect(client.tell('kite.ping')).rejects.toMatchObject({ type: 'disconnect', code: 'draining' });
    await expect(client.stream('count', 3).result).rejects.toMatchObject({ code: 'draining' });
    expect(near.sent.length).toBe(sent);
    finish('done');
    expect(await slow).toBe('done');
    expect([events, far.sent.filter((text) => text === ANNOUNCEMENT).length]).toEqual([['draining'], 1]);
    expect(client.connected).toBe(true);
  });

  it('a kite without running calls disconnects its peers without an announcement', async () => {
    const { server, client, far } = await connected();
    await client.tell('kite.ping');
    server.drain();
    await settled();
    expect(far.sent).not.toContain(ANNOUNCEMENT);
    await expect(client.tell('kite.ping')).rejects.toMatchObject({ type: 'disconnect', code: 'draining' });
  });

  it('a kite that shuts down announces it to the kites that it has dialed', async () => {
    const { server, caller, client, near } = await connected();
    server.handle('back', ({ client: peer }) => peer.tell('kite.ping'));
    expect(await client.tell('back')).toBe('pong');
    caller.drain();
    await settled();
    expect(near.sent.at(-1)).toBe(ANNOUNCEMENT);
    await expect(client.tell('back')).rejects.toMatchObject({ type: 'disconnect', code: 'lost' });
  });

  it('a peer that has not named the extension gets no announcement', async () => {
    const { server, client, far } = await connected();
    server.handle('slow', untilAborted);
    const slow = client.call('slow', [], { timeout: 0 }).catch(() => undefined);
    await settled();
    for (const connection of server.accepted)
      Object.defineProperty(connection, 'extensions', { value: new Set(['cancel']) });
    server.drain();
    await settled();
    expect(far.sent).toEqual([]);
    client.close();
    await slow;
  });

  it('a hostile peer that announces its end twice is served as before', async () => {
    const { client, server, near } = await connected();
    const events: string[] = [];
    await client.tell('kite.ping');
    for (const connection of server.accepted) connection.on('draining', () => events.push('draining'));
    for (let count = 0; count < 3; count++) {
      near.send(ANNOUNCEMENT);
      await settled();
      expect(await client.tell('kite.ping')).toBe('pong');
    }
    expect(events).toEqual(['draining']);
  });

  it('a call of kite.draining with a response callback is a call of an unknown method', async () => {
    const { client } = await connected();
    await expect(client.tell('kite.draining')).rejects.toMatchObject({ type: 'methodNotFound' });
    expect(await client.tell('kite.ping')).toBe('pong');
  });
});

function makeKite(name: string, options: KiteOptions = {}): Kite {
  const kite = new Kite(name, '1.0.0', { kiteKey: false, env: {}, logger: silentLogger, ...options });
  onTestFinished(() => kite.close({ drainTimeout: 0 }));
  return kite;
}

describe('clients that reconnect', () => {
  it('a client of dialForever calls the next kite at an address while its call at the last one finishes', async () => {
    const options = { port: 0 };
    const first = makeKite('math', options);
    let finish: (value: unknown) => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      first
        .handle('slow', () => {
          resolve();
          return new Promise((done) => (finish = done));
        })
        .disableAuthentication();
    });
    first.handle('which', () => 'first').disableAuthentication();
    await first.listen();
    let port = first.port ?? 0;
    const sockets = new Set<Socket>();
    const balancer = createServer((socket) => {
      const onward = connect(port, '127.0.0.1');
      for (const end of [socket, onward]) sockets.add(end.on('error', () => undefined));
      socket.pipe(onward).pipe(socket);
    });
    const client = makeKite('caller').newClient(
      `http://127.0.0.1:${await listenInTest(balancer, sockets)}/kite`,
    );
    await client.dialForever();
    expect(await client.tell('which')).toBe('first');
    const slow = client.call('slow', [], { timeout: 0 });
    await begun;
    const events: string[] = [];
    client.on('draining', () => events.push('draining'));
    client.on('disconnect', (code, reason) => events.push(`disconnect ${code} ${reason}`));
    const again = new Promise<void>((resolve) => client.on('connect', () => resolve()));
    const second = makeKite('math', { port: 0 });
    second.handle('which', () => 'second').disableAuthentication();
    await second.listen();
    port = second.port ?? 0;
    const closed = first.close();
    await again;
    expect(await client.tell('which')).toBe('second');
    finish('done');
    expect(await slow).toBe('done');
    await closed;
    expect(await client.tell('which')).toBe('second');
    expect(events).toEqual(['draining', 'disconnect 1012 The peer is shutting down']);
  });

  it('a hostile kite cannot make a client of dialForever hold many connections by announcing its end', async () => {
    const kite = makeKite('math', { port: 0 });
    await kite.listen();
    let most = 0;
    let connections = 0;
    const enough = new Promise<void>((resolve) => {
      kite.on('connect', () => {
        most = Math.max(most, kite.connectionCount);
        if (++connections === 5) resolve();
      });
    });
    kite
      .handle('kite.ping', ({ client }) => {
        (client as unknown as { announceDraining(): void }).announceDraining();
        return 'pong';
      })
      .disableAuthentication();
    const client = makeKite('caller').newClient(kite.url ?? '', { backoff: { initial: 1, max: 1 } });
    client.on('connect', () => void client.tell('kite.ping').catch(() => undefined));
    await client.dialForever();
    await enough;
    expect(most).toBeLessThanOrEqual(3);
  });
});
