import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { Kite } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';

/** A relay that cuts a connection after a number of bytes, or delivers what follows them in a later turn of the event loop. */
async function cuttingRelay(port: number, action: 'cut' | 'split') {
  const state = { left: Infinity, passed: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    const pair = [near, far] as const;
    for (const socket of pair) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        for (const end of pair) end.destroy();
      });
    }
    const forward = (from: Socket, to: Socket): void => {
      from.on('data', (data) => {
        if (action === 'split' && state.left < data.length) {
          to.write(data.subarray(0, state.left));
          const rest = data.subarray(state.left);
          state.left = Infinity;
          from.pause();
          setTimeout(() => {
            to.write(rest);
            from.resume();
          }, 1);
          return;
        }
        const part = data.subarray(0, state.left);
        state.left -= part.length;
        state.passed += part.length;
        to.write(part, () => {
          if (action === 'cut' && state.left === 0) for (const end of pair) end.destroy();
        });
      });
    };
    forward(near, far);
    forward(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, state, close: () => server.close() };
}

const ITEMS = 5;

async function startKites() {
  const seen = { begun: 0, ended: 0 };
  const options = { port: 0, kiteKey: false, env: {}, logger: silentLogger } as const;
  const server = new Kite('math', '1.0.0', options);
  server
    .handle<[AsyncIterable<number>]>('double', async function* ({ args: [items] }) {
      seen.begun++;
      try {
        for await (const item of items) yield 2 * item;
        return 'done';
      } finally {
        seen.ended++;
      }
    })
    .disableAuthentication();
  await server.listen();
  const caller = new Kite('caller', '1.0.0', options);
  onTestFinished(async () => {
    await caller.close();
    await server.close({ drainTimeout: 0 });
  });
  return { server, caller, seen, port: Number(new URL(server.url ?? '').port) };
}

/** Streams both ways over a connection that is cut after so many bytes. Returns what was read, and how many bytes passed. */
async function transfer(
  caller: Kite,
  port: number,
  bytes: number,
  source: { begun: number; ended: number },
  action: 'cut' | 'split' = 'cut',
) {
  const relay = await cuttingRelay(port, action);
  const client = caller.newClient(`http://127.0.0.1:${relay.port}/kite`, { transport: 'WebSocket' });
  const disconnected = new Promise((resolve) => client.on('disconnect', resolve));
  await client.dial();
  await client.tell('kite.ping');
  relay.state.passed = 0;
  relay.state.left = bytes;
  const numbers = async function* (): AsyncGenerator<number> {
    source.begun++;
    try {
      for (let index = 1; index <= ITEMS; index++) yield index;
    } finally {
      source.ended++;
    }
  };
  const stream = client.stream<number, string>('double', numbers());
  const read: number[] = [];
  let failed = false;
  try {
    for await (const item of stream) read.push(item);
  } catch {
    failed = true;
  }
  const result = await stream.result.catch(() => undefined);
  const { passed } = relay.state;
  client.close();
  await disconnected;
  relay.close();
  return { read, failed, result, passed };
}

describe('connections that are cut', () => {
  it('a stream both ways that is cut at any byte ends at both sides, with what has arrived', async () => {
    const { server, caller, seen, port } = await startKites();
    const source = { begun: 0, ended: 0 };
    const whole = await transfer(caller, port, Infinity, source);
    expect(whole).toMatchObject({ read: [2, 4, 6, 8, 10], failed: false, result: 'done' });
    const outcomes = { complete: 0, cut: 0 };
    const cuts = Array.from({ length: whole.passed }, (_, bytes) => bytes + 1);
    while (cuts.length > 0) {
      const batch = cuts.splice(0, 20).map((bytes) => transfer(caller, port, bytes, source));
      for (const { read, failed, result } of await Promise.all(batch)) {
        // What was read is the beginning, and a failure is never mistaken for the end.
        expect(read).toEqual([2, 4, 6, 8, 10].slice(0, read.length));
        expect(result === 'done').toBe(!failed);
        if (failed) outcomes.cut++;
        else outcomes.complete++;
      }
    }
    console.log(`${outcomes.cut} cuts of a stream both ways, ${outcomes.complete} after its end`);
    expect(outcomes.cut).toBeGreaterThan(500);
    await server.close({ drainTimeout: 0 });
    expect([seen.ended, source.ended]).toEqual([seen.begun, source.begun]);
  }, 60_000);

  it('a stream both ways whose bytes are split anywhere between two reads arrives as a whole', async () => {
    const { caller, port } = await startKites();
    const source = { begun: 0, ended: 0 };
    const { passed } = await transfer(caller, port, Infinity, source);
    const splits = Array.from({ length: passed - 1 }, (_, bytes) => bytes + 1);
    console.log(`${splits.length} splits of a stream both ways`);
    expect(splits.length).toBeGreaterThan(500);
    while (splits.length > 0) {
      const batch = splits.splice(0, 20).map((bytes) => transfer(caller, port, bytes, source, 'split'));
      for (const whole of await Promise.all(batch))
        expect(whole).toMatchObject({ read: [2, 4, 6, 8, 10], failed: false, result: 'done' });
    }
    expect(source.ended).toBe(source.begun);
  }, 60_000);

  it('a call whose WebSocket message is fragmented anywhere gets its stream', async () => {
    const { port } = await startKites();
    const frame = (number: number): string =>
      JSON.stringify([
        `{"method":"double","arguments":[{"kite":{},"withArgs":["[Stream]"],"responseCallback":"[Function]","stream":{"next":"[Function]","items":9,"bytes":999}}],"callbacks":{"${number}":[0,"responseCallback"],"${number + 1}":[0,"stream","next"],"${number + 2}":[0,"withArgs",0]}}`,
      ]);
    const { length } = frame(1000);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/kite/000/fragments/websocket`);
    const frames: string[] = [];
    socket.on('message', (data: Buffer) => void frames.push(data.toString()));
    await once(socket, 'open');
    // A caller passes a stream only after both have named the extension.
    socket.send(
      JSON.stringify([
        '{"method":"kite.ping","arguments":[{"kite":{},"withArgs":[],"extensions":["stream"]}],"callbacks":{}}',
      ]),
    );
    for (let at = 0; at <= length; at++) {
      const text = frame(1000 + 3 * at);
      socket.send(text.slice(0, at), { fin: false });
      socket.send(text.slice(at), { fin: true });
    }
    // The kite begins to read the argument of each call.
    const begun = (): number => frames.join('').split('\\"next\\":\\"[Function]\\"').length - 1;
    await expect.poll(begun).toBe(length + 1);
    console.log(`${length + 1} fragmentations of a call`);
    socket.close();
    await once(socket, 'close');
  });
});
