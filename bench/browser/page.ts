/** The part of `bench.ts` that runs in pages: peers that call `square`, and the loop that measures them. */
import type * as Library from '../../src/lib/browser-webrtc.js';

declare const kitectl: typeof Library;

type Square = (n: number) => Promise<unknown>;

/** The baseline sends one JSON object per message over any socket for text. */
interface Socket {
  send(text: string): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

function bareCaller(socket: Socket): Square {
  const pending = new Map<number, (result: unknown) => void>();
  let next = 0;
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id: number; result: unknown };
    pending.get(id)?.(result);
    pending.delete(id);
  });
  return (n) =>
    new Promise((resolve) => {
      const id = next++;
      pending.set(id, resolve);
      socket.send(JSON.stringify({ method: 'square', args: [n], id }));
    });
}

function bareServer(socket: Socket): void {
  socket.addEventListener('message', ({ data }) => {
    const { args, id } = JSON.parse(String(data)) as { args: [number]; id: number };
    socket.send(JSON.stringify({ id, result: args[0] ** 2 }));
  });
}

const callers = new Map<string, Square>();
let connection: RTCPeerConnection | undefined;
let member: Library.Kite | undefined;
let kontrol: Library.KontrolPeer | undefined;

/** Returns the local description when it contains all candidates. */
async function describe(peer: RTCPeerConnection): Promise<string> {
  const complete = new Promise<void>((resolve) => {
    peer.addEventListener('icegatheringstatechange', () => {
      if (peer.iceGatheringState === 'complete') resolve();
    });
  });
  await peer.setLocalDescription();
  await complete;
  return peer.localDescription?.sdp ?? '';
}

const bench = {
  async bareSocket(url: string): Promise<void> {
    const socket = new WebSocket(url);
    await new Promise((resolve) => socket.addEventListener('open', resolve));
    callers.set('bare', bareCaller(socket));
  },

  async kite(name: string, url: string, transport: Library.Transport): Promise<void> {
    const client = new kitectl.Kite('page', '1.0.0', { transport }).newClient(url);
    await client.dial();
    callers.set(name, (n) => client.tell('square', n));
  },

  /** Creates a bare data channel and returns the offer. */
  offer(): Promise<string> {
    connection = new RTCPeerConnection();
    const data = connection.createDataChannel('bare');
    callers.set('bare', bareCaller(data));
    return describe(connection);
  },

  async answer(sdp: string): Promise<string> {
    connection = new RTCPeerConnection();
    connection.addEventListener('datachannel', ({ channel }) => bareServer(channel));
    await connection.setRemoteDescription({ type: 'offer', sdp });
    return describe(connection);
  },

  async accept(sdp: string): Promise<void> {
    const open = new Promise<void>((resolve) => {
      connection?.addEventListener('connectionstatechange', () => {
        if (connection?.connectionState === 'connected') resolve();
      });
    });
    await connection?.setRemoteDescription({ type: 'answer', sdp });
    await open;
  },

  async register(url: string, key: string): Promise<string> {
    member = new kitectl.Kite('page', '1.0.0');
    member.handle<[number]>('square', ({ args: [n] }) => n ** 2);
    kontrol = member.kontrol({ url, auth: { type: 'kiteKey', key } });
    await kontrol.registerForever();
    return member.identity.id;
  },

  /** Opens a session with another page, through Kontrol if `direct` is false. */
  async page(name: string, id: string, direct: boolean): Promise<void> {
    const { RTCPeerConnection: real } = globalThis;
    if (!direct) Reflect.deleteProperty(globalThis, 'RTCPeerConnection');
    const client = member?.newClient(`webrtc://${id}`);
    await client?.dial();
    globalThis.RTCPeerConnection = real;
    callers.set(name, (n) => client?.tell('square', n) ?? Promise.reject(new Error('no client')));
  },

  /** Returns the calls per second with this number of concurrent calls. */
  async run(name: string, concurrency: number, ms: number): Promise<number> {
    const square = callers.get(name);
    if (!square) throw new Error(`Unknown peer: ${name}`);
    let done = 0;
    const start = performance.now();
    const end = start + ms;
    await Promise.all(
      Array.from({ length: concurrency }, async () => {
        while (performance.now() < end) {
          if ((await square(7)) !== 49) throw new Error(`${name} returned a wrong result`);
          done++;
        }
      }),
    );
    return (done * 1000) / (performance.now() - start);
  },
};

export type Bench = typeof bench;

Object.assign(globalThis, { bench });
