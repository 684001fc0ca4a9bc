/**
 * Attacks a kite and a Kontrol, and measures the peak of the resident memory and the time of an honest caller's pings meanwhile.
 * Fails if the memory exceeds 400 MiB, or the 99th percentile 50 ms. Needs /proc, and a machine that does nothing else.
 *
 *     npm run bench:load
 *     npm run bench:load -- uploads
 */
import { type ChildProcess, fork } from 'node:child_process';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { GARBAGE_FLAGS } from '../src/lib/cli/runtime/process-runtime.js';
import { call, endAll, frame, open, times, track, wait } from './attack.js';
import { kontrolLoads } from './kontrol-loads.js';
import type { LoadCommand } from './load-child.js';

const MEMORY_GOAL = 400;
const PING_GOAL = 50;
const MIB = 1024 * 1024;

class Child {
  readonly #process: ChildProcess;
  #pending: { resolve(value: unknown): void; reject(error: Error): void } | undefined;

  constructor(...args: string[]) {
    this.#process = fork(fileURLToPath(new URL('load-child.ts', import.meta.url)), args, {
      // As `kitectl kontrol start` sets them.
      execArgv: ['--import', 'tsx', '--no-warnings', ...(args[0] === 'kontrol' ? GARBAGE_FLAGS : [])],
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

function upload(url: URL, session: number): void {
  request(`${url.href}/000/load${session}/xhr`, { method: 'POST' }, (response) => {
    response.resume();
    const send = request(`${url.href}/000/load${session}/xhr_send`, { method: 'POST' });
    send.on('error', () => undefined);
    send.on('socket', track);
    send.write('["');
    for (let n = 0; n < 40; n++) send.write('x'.repeat(MIB));
  })
    .on('error', () => undefined)
    .end();
}

async function subscribe(url: URL, session: number, size: number, rate: number): Promise<void> {
  const socket = await open(url, session);
  socket.pause();
  const callbacks = { 0: [0, 'withArgs', 0] };
  socket.write(call('subscribe', { withArgs: ['[Function]', size, rate] }, callbacks));
}

/** The loads on a kite, by name. Each is applied for some seconds. */
const kiteLoads: Readonly<Record<string, (url: URL) => Promise<void>>> = {
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

async function apply(
  name: string,
  role: 'server' | 'kontrol',
  attack: (url: URL, key: string) => Promise<void>,
): Promise<void> {
  if (chosen.length > 0 && !chosen.some((part) => name.includes(part))) return;
  const server = new Child(role);
  await server.next();
  const url = String(await server.send({ type: 'listen' }));
  const key = async (username: string): Promise<string> =>
    String(await server.send({ type: 'key', username }));
  const caller = new Child('caller', url, await key('alice'));
  await caller.next();
  await wait(1000);
  await caller.send({ type: 'ping' });
  let problem = '';
  try {
    await Promise.race([attack(new URL(url), await key('mallory')), server.next()]);
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
  endAll();
  caller.stop();
  server.stop();
}

for (const [name, attack] of Object.entries(kiteLoads)) await apply(name, 'server', attack);
for (const [name, attack] of Object.entries(kontrolLoads)) await apply(name, 'kontrol', attack);
process.exit(failed ? 1 : 0);
