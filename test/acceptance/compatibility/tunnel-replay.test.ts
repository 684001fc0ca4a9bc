import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { request } from '../../helpers/transport/http.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { makeKite } from '../../helpers/proxy/proxy.js';
import { startTunnelProxy } from '../../helpers/proxy/tunnel.js';

/** One line of a recording: see fixtures/wire/README.md. */
interface Line {
  readonly dir: '>' | '<';
  readonly upgrade?: string;
  readonly ws?: string;
  readonly http?: string;
}

const lines = readFileSync(new URL('../../fixtures/wire/tunnel-proxy.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Line);

/** The recorded handshake whose path has this prefix. */
function upgrade(begin: string): string {
  return lines.find((line) => line.upgrade?.startsWith(begin))?.upgrade ?? '';
}

/** The first recorded frame of a direction that contains a text, or the one at `index`. */
function frame(dir: '>' | '<', text: string, index = 0): string {
  const found = lines.filter((line) => line.dir === dir && line.ws?.includes(text)).map(({ ws }) => ws ?? '');
  if (found[index] === undefined) throw new Error(`No recorded frame says ${text}`);
  return found[index];
}

const RECORDED = {
  register: frame('>', 'register'),
  registered: frame('<', '/proxy?kiteID='),
  call: frame('>', 'square'),
  tunnel: frame('<', 'kite.tunnel'),
  tunnelled: frame('>', 'null,\\"result\\":null'),
  passedOn: frame('<', 'square'),
  answer: frame('>', 'result\\":36'),
  answered: frame('<', 'result\\":36'),
};

/** The content of a frame, without values that differ in every run: caller, key and port. */
function comparable(text: string): unknown {
  const messages = JSON.parse(text.replace(/^a/, '')) as string[];
  return messages.map((message) => withoutVariables(JSON.parse(message)));
}

function withoutVariables(value: unknown): unknown {
  if (typeof value === 'string')
    return value.replace(/127\.0\.0\.1:\d+/, 'HOST').replace(/token=.+/, 'token=');
  if (Array.isArray(value)) return value.map(withoutVariables);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, content]) => [
      key,
      key === 'kite' ? typeof content : withoutVariables(content),
    ]),
  );
}

/** A WebSocket that plays a recording. */
class Player {
  readonly socket: WebSocket;
  readonly frames: string[] = [];
  readonly closed: Promise<number>;
  #waiting: (() => void)[] = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
    onTestFinished(() => socket.terminate());
    socket.on('message', (data: Buffer) => {
      this.frames.push(data.toString());
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.closed = new Promise((resolve) => socket.on('close', resolve));
  }

  static async dial(url: string): Promise<Player> {
    const player = new Player(new WebSocket(url));
    await new Promise((resolve, reject) => player.socket.on('open', resolve).on('error', reject));
    return player;
  }

  /** Resolves with the first frame that contains a text. */
  async frame(text: string): Promise<string> {
    for (;;) {
      const found = this.frames.find((one) => one.includes(text));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

describe('the recorded Go kite and its caller with the tunnel proxy', () => {
  it('the recorded Go kite and its caller get the recorded answers of the tunnel proxy, frame by frame', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startTunnelProxy(kontrol);
    const origin = new URL(proxy.url).origin.replace('http', 'ws');
    const kite = await Player.dial(origin + upgrade('/kite/'));
    kite.socket.send(RECORDED.register.replace('<JWT>', await kontrol.newKiteKey('kontrol')));
    expect(comparable(await kite.frame('/proxy?kiteID='))).toEqual(comparable(RECORDED.registered));
    expect(kite.frames[0]).toBe('o');

    const caller = await Player.dial(origin + upgrade('/proxy/'));
    // It sends before the open frame, and before the tunnel opens.
    caller.socket.send(RECORDED.call);
    const asked = await kite.frame('kite.tunnel');
    expect(comparable(asked)).toEqual(comparable(RECORDED.tunnel));
    const [, path = ''] = /ws:\/\/[^/]+(\/tunnel[^\\"]+)/.exec(asked) ?? [];
    expect(path.replace(/token=.*/, 'token=<JWT>')).toBe(upgrade('/tunnel/'));

    const tunnel = await Player.dial(origin + path);
    kite.socket.send(RECORDED.tunnelled);
    expect(await tunnel.frame('square')).toBe(RECORDED.passedOn);
    tunnel.socket.send(RECORDED.answer);
    expect(await caller.frame('result')).toBe(RECORDED.answered);
    expect([caller.frames[0], tunnel.frames[0]]).toEqual(['o', 'o']);

    caller.socket.terminate();
    expect(await tunnel.frame('c[')).toBe('c[3000,"Go away!"]');
    // 1006 in the recording: its proxy drops the connection.
    expect(await tunnel.closed).toBe(3000);
  });

  it('the tunnel proxy opens a session over XHR, where the Go implementation answers with a greeting', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startTunnelProxy(kontrol);
    const { origin } = new URL(proxy.url);
    const kite = await Player.dial(origin.replace('http', 'ws') + upgrade('/kite/'));
    kite.socket.send(RECORDED.register.replace('<JWT>', await kontrol.newKiteKey('kontrol')));
    await kite.frame('/proxy?kiteID=');
    const [method = '', path = ''] =
      lines.find((line) => line.http?.startsWith('POST'))?.http?.split(' ') ?? [];
    expect(path).toMatch(/^\/proxy\?kiteID=[^/]+\/326\/\w+\/xhr$/);
    expect(await request(method, origin + path)).toMatchObject({ status: 200, body: 'o\n' });
    expect(await kite.frame('kite.tunnel')).toContain('/tunnel/326/');
  });
});

describe('a kite with the recorded Go tunnel proxy', () => {
  it('a kite registers with the recorded Go tunnel proxy, opens its tunnel and answers as recorded', async () => {
    const server = http.createServer();
    const sockets = new WebSocketServer({ server });
    const arrived = new Map<string, (player: Player) => void>();
    const arrival = (begin: string): Promise<Player & { readonly path?: string }> =>
      new Promise((resolve) => arrived.set(begin, resolve));
    const paths: string[] = [];
    sockets.on('connection', (socket, { url = '' }) => {
      paths.push(url);
      arrived.get(url.split('/')[1] ?? '')?.(new Player(socket));
      socket.send('o');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const here = (text: string): string => text.replace(/127\.0\.0\.1:\d+/, host);

    const { kontrol } = await startKontrol();
    const math = await makeKite(kontrol, { username: 'kontrol', kontrolUrl: kontrol.url });
    // The keys of the recording are redacted: a caller with a key counts as the recorded one.
    math.authenticate('token', () => 'kontrol');
    const connected = arrival('kite');
    const tunnelling = arrival('tunnel');
    const registering = math.registerToTunnel({ proxyUrl: `http://${host}/kite` });
    const proxy = await connected;
    const asked = comparable(await proxy.frame('register'));
    expect(asked).toMatchObject([
      { method: 'register', arguments: [{ withArgs: [''] }], callbacks: { 0: [0, 'responseCallback'] } },
    ]);
    proxy.socket.send(here(RECORDED.registered));
    expect((await registering).url).toBe(
      here('http://127.0.0.1:1/proxy?kiteID=bd7a67cc-5d1b-43bd-b0d2-6de8dd4c45e0'),
    );
    proxy.socket.send(here(RECORDED.tunnel));
    const tunnel = await tunnelling;
    // It asks for extensions of the hop, which the Go proxy ignores.
    const dialed = decodeURIComponent(paths.at(-1) ?? '');
    expect(dialed).toBe(`${upgrade('/tunnel/')}&extensions=lines,binary`);
    expect(comparable(await proxy.frame('"result\\":null'))).toEqual(comparable(RECORDED.tunnelled));
    tunnel.socket.send(RECORDED.passedOn);
    expect(comparable(await tunnel.frame('result'))).toEqual(comparable(RECORDED.answer));
    tunnel.socket.send('c[3000,"Go away!"]');
    tunnel.socket.terminate();
    await tunnel.closed;
  });
});
