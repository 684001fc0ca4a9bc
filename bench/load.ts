/**
 * Attacks a kite, and measures the peak of its resident memory and the time of an honest caller's pings meanwhile. Fails if the
 * memory exceeds 400 MiB, or the 99th percentile 50 ms. Needs /proc, and a machine that does nothing else.
 *
 *     npm run bench:load
 *     npm run bench:load -- uploads
 */
import { type ChildProcess, fork } from 'node:child_process';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { LoadCommand } from './load-child.js';

const MEMORY_GOAL = 400;
const PING_GOAL = 50;
const MIB = 1024 * 1024;

class Child {
  readonly #process: ChildProcess;
  #pending: { resolve(value: unknown): void; reject(error: Error): void } | undefined;

  constructor(...args: string[]) {
    this.#process = fork(fileURLToPath(new URL('load-child.ts', import.meta.url)), args, {
      execArgv: ['--import', 'tsx', '--no-warnings'],
    });
    this.#process.on('message', ({ value, error }: { value: unknown; error?: string }) => {
      if (error) this.#pending?.reject(new Error(error));
      else this.#pending?.resolve(value);
    });
    this.#process.on('exit', (code) => this.#pending?.reject(new Error(`${args[0]} has exited: ${code}`)));
  }

  next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
    });
  }

  send(command: LoadCommand): Promise<unknown> {
    const result = this.next();
    this.#process.send(command);
    return result;
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}

const sockets: Socket[] = [];
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Opens a WebSocket of SockJS. Resolves with its socket. */
function open(url: URL, session: number): Promise<Socket> {
  const socket = connect(Number(url.port), url.hostname);
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.write(
    `GET ${url.pathname}/000/load${session}/websocket HTTP/1.1\r\nHost: ${url.host}\r\nConnection: Upgrade\r\n` +
      'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n',
  );
  return new Promise((resolve) => socket.once('data', () => resolve(socket)));
}

/** A frame with a mask of zeros. `length`: the length that its header declares. */
function frame(text: string, { length = text.length, fin = true, opcode = 1 } = {}): Buffer {
  const header = Buffer.alloc(14);
  header[0] = (fin ? 0x80 : 0) | opcode;
  header[1] = 0x80 | 127;
  header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, Buffer.from(text, 'latin1')]);
}

function upload(url: URL, session: number): void {
  request(`${url.href}/000/load${session}/xhr`, { method: 'POST' }, (response) => {
    response.resume();
    const send = request(`${url.href}/000/load${session}/xhr_send`, { method: 'POST' });
    send.on('error', () => undefined);
    send.on('socket', (socket) => sockets.push(socket));
    send.write('["');
    for (let n = 0; n < 40; n++) send.write('x'.repeat(MIB));
  })
    .on('error', () => undefined)
    .end();
}

async function subscribe(url: URL, session: number, size: number, rate: number): Promise<void> {
  const socket = await open(url, session);
  socket.pause();
  const call = {
    method: 'subscribe',
    arguments: [{ kite: {}, withArgs: ['[Function]', size, rate], responseCallback: '[Function]' }],
    callbacks: { 0: [0, 'withArgs', 0], 1: [0, 'responseCallback'] },
  };
  socket.write(frame(JSON.stringify([JSON.stringify(call)])));
}

async function times(count: number, start: (n: number) => unknown): Promise<void> {
  for (let n = 0; n < count; n++) await start(n);
}

/** The loads, by name. Each is applied for some seconds. */
const loads: Readonly<Record<string, (url: URL) => Promise<void>>> = {
  'unfinished messages': async (url) => {
    const piece = 'x'.repeat(MIB);
    await times(30, async (n) => {
      const socket = await open(url, n);
      socket.write(frame(piece, { length: 45 * MIB }));
      for (let more = 1; more < 45; more++) socket.write(Buffer.from(piece, 'latin1'));
    });
    await wait(5000);
  },
  'messages in small fragments': async (url) => {
    const small = Buffer.concat(
      Array.from({ length: 16_000 }, () => Buffer.from([0x00, 0x81, 0, 0, 0, 0, 0x78])),
    );
    await times(300, async (n) => {
      const socket = await open(url, n);
      socket.write(Buffer.concat([frame('["', { fin: false }), small]));
    });
    await wait(5000);
  },
  uploads: async (url) => {
    await times(20, (n) => upload(url, n));
    await wait(5000);
  },
  'large callbacks that are not read': async (url) => {
    await times(40, (n) => subscribe(url, n, 60_000, 75));
    await wait(15_000);
  },
  'small callbacks that are not read': async (url) => {
    await times(200, (n) => subscribe(url, n, 100, 1000));
    await wait(30_000);
  },
};

let failed = false;
const chosen = process.argv.slice(2);
for (const [name, attack] of Object.entries(loads)) {
  if (chosen.length > 0 && !chosen.some((part) => name.includes(part))) continue;
  const server = new Child('server');
  await server.next();
  const url = String(await server.send({ type: 'listen' }));
  const caller = new Child('caller', url);
  await caller.next();
  await wait(1000);
  await caller.send({ type: 'ping' });
  let problem = '';
  try {
    await Promise.race([attack(new URL(url)), server.next()]);
    const [ping, peak] = [
      Number(await caller.send({ type: 'ping' })),
      Number(await server.send({ type: 'peak' })),
    ];
    console.log(`${name}: peak ${Math.round(peak)} MiB, ping p99 ${ping.toFixed(1)} ms`);
    if (!(peak <= MEMORY_GOAL)) problem = `more than ${MEMORY_GOAL} MiB`;
    if (!(ping <= PING_GOAL)) problem = `slower than ${PING_GOAL} ms`;
  } catch (error) {
    problem = String(error);
  }
  if (problem !== '') console.log(`${name}: FAILED: ${problem}`);
  failed ||= problem !== '';
  for (const socket of sockets.splice(0)) socket.destroy();
  caller.stop();
  server.stop();
}
process.exit(failed ? 1 : 0);
