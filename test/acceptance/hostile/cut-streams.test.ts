import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';

/** A relay that cuts a connection after a number of bytes, which it counts from `arm` on. */
async function cuttingRelay(port: number) {
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
        const part = data.subarray(0, state.left);
        state.left -= part.length;
        state.passed += part.length;
        to.write(part, () => {
          if (state.left === 0) for (const end of pair) end.destroy();
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
async function transfer(caller: Kite, port: number, bytes: number, source: { begun: number; ended: number }) {
  const relay = await cuttingRelay(port);
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
});
