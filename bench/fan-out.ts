/**
 * Measures how long Kontrol blocks when one registration notifies 100,000 watches, and when it lists up to 60,000 kites:
 *
 *     npm run bench:fan-out
 *     npm run bench:fan-out -- watches
 *     npm run bench:fan-out -- lists 1000 60000
 *
 * Kontrol, the watches and two callers that make pings and queries run in separate processes. Fails if a call of the callers takes
 * more than 50 ms. If the machine does something else, the processes also wait for each other: the longest turn of the callers, which
 * do little, shows how long, and does not count.
 */
import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { call, endAll, open } from './attack.js';
import type { CallerUse, FanOutCommand, KontrolUse } from './fan-out-child.js';

const GOAL = 50;
const WATCHES = 100_000;

class Child {
  readonly #process: ChildProcess;

  constructor(...args: string[]) {
    this.#process = fork(fileURLToPath(new URL('fan-out-child.ts', import.meta.url)), args, {
      execArgv: ['--import', 'tsx', '--no-warnings', '--expose-gc'],
    });
  }

  next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#process.once('message', ({ value, error }: { value: unknown; error?: string }) => {
        if (error) reject(new Error(error));
        else resolve(value);
      });
    });
  }

  send(command: FanOutCommand): Promise<unknown> {
    const result = this.next();
    this.#process.send(command);
    return result;
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}

/** Counts how often a text occurs in what a connection receives. */
class Occurrences {
  readonly #text: string;
  readonly #tails = new Map<Socket, string>();
  #left = 0;
  #done: () => void = () => undefined;

  constructor(text: string) {
    this.#text = text;
  }

  count(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      const received = (this.#tails.get(socket) ?? '') + chunk.toString('latin1');
      const pieces = received.split(this.#text);
      this.#tails.set(socket, (pieces.at(-1) ?? '').slice(1 - this.#text.length));
      this.#left -= pieces.length - 1;
      if (this.#left <= 0) this.#done();
    });
  }

  /** Resolves when the text has occurred so often from now on. */
  await(count: number): Promise<void> {
    this.#left = count;
    return new Promise((resolve) => (this.#done = resolve));
  }
}

/** What a load costs Kontrol, and the longest calls meanwhile. */
type Use = KontrolUse & CallerUse & { readonly ms: number };

class Bench {
  readonly kontrol = new Child('kontrol');
  readonly #callers: Child[] = [];
  url = '';

  async start(users: readonly string[]): Promise<void> {
    await this.kontrol.next();
    this.url = (await this.kontrol.send({ type: 'listen' })) as string;
    for (const key of await this.keys(users)) {
      const caller = new Child('caller', this.url, key);
      await caller.next();
      this.#callers.push(caller);
    }
  }

  async keys(usernames: readonly string[]): Promise<readonly string[]> {
    return (await this.kontrol.send({ type: 'keys', usernames })) as string[];
  }

  async measure(work: () => Promise<unknown>): Promise<Use> {
    // Kontrol first: it collects garbage.
    for (const child of [this.kontrol, ...this.#callers]) await child.send({ type: 'begin' });
    const start = performance.now();
    await work();
    const ms = performance.now() - start;
    const use = (await this.kontrol.send({ type: 'end' })) as KontrolUse;
    const calls = await Promise.all(this.#callers.map((caller) => caller.send({ type: 'end' })));
    const longest = (kind: keyof CallerUse): number =>
      Math.max(...(calls as CallerUse[]).map((caller) => caller[kind]));
    return { ...use, ping: longest('ping'), query: longest('query'), own: longest('own'), ms };
  }

  stop(): void {
    endAll();
    for (const child of [this.kontrol, ...this.#callers]) child.stop();
  }
}

let failed = false;

function report(name: string, { ms, cpu, stall, ping, query, own, memory }: Use): void {
  failed ||= Math.max(ping, query) - own > GOAL;
  const times = `${ms.toFixed(0)} ms, CPU ${cpu.toFixed(0)} ms, longest stall ${stall.toFixed(1)} ms`;
  console.log(
    `${name}: ${times}, longest ping ${ping.toFixed(1)} ms, longest query ${query.toFixed(1)} ms, longest turn of the callers ${own.toFixed(1)} ms, ${memory.toFixed(0)} MiB`,
  );
}

/** `users`: how many users share the watches. */
async function watches(users: number): Promise<void> {
  const bench = new Bench();
  try {
    const names = Array.from({ length: users }, (_, n) => `user${n}`);
    // The queries of a user with watches must not wait either.
    await bench.start(['user0', 'other']);
    const keys = await bench.keys(names);
    const url = new URL(bench.url);
    const connections = Math.max(users, 100);
    const perConnection = WATCHES / connections;
    const answered = new Occurrences('watcherID');
    const notified = new Occurrences('\\"REGISTER');
    for (let n = 0; n < connections; n++) {
      const socket = await open(url, n);
      const authentication = { type: 'kiteKey', key: keys[n % users] };
      const withArgs = [{ query: { username: 'bob' }, watchCallback: '[Function]' }];
      answered.count(socket);
      const all = answered.await(perConnection);
      for (let watch = 0; watch < perConnection; watch++) {
        const callbacks = { 0: [0, 'withArgs', 0, 'watchCallback'] };
        socket.write(call('getKites', { authentication, withArgs }, callbacks));
      }
      await all;
      socket.removeAllListeners('data');
      notified.count(socket);
    }
    const [kiteKey = ''] = await bench.keys(['bob']);
    let registrations = 0;
    for (const name of ['first', 'second', 'third']) {
      const socket = await open(url, connections + registrations++);
      const use = await bench.measure(async () => {
        const all = notified.await(WATCHES);
        socket.write(register(kiteKey, registrations));
        await all;
      });
      report(`${WATCHES} watches of ${users} users, the ${name} registration`, use);
      socket.destroy();
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  } finally {
    bench.stop();
  }
}

async function lists(counts: readonly number[]): Promise<void> {
  const bench = new Bench();
  try {
    await bench.start(['lister', 'other']);
    const [key = '', listing = ''] = await bench.keys(['bob', 'lister']);
    const url = new URL(bench.url);
    let registered = 0;
    for (const count of counts) {
      const socket = await open(url, registered);
      const answered = new Occurrences('heartbeatInterval');
      answered.count(socket);
      const all = answered.await(count - registered);
      for (; registered < count; registered++) {
        socket.write(register(key, registered));
      }
      await all;
      const client = await open(url, registered);
      const listed = new Occurrences('callbacks\\":{}}"');
      listed.count(client);
      const query = call(
        'getKites',
        { authentication: { type: 'kiteKey', key: listing }, withArgs: [{ query: { username: 'bob' } }] },
        {},
      );
      for (const name of ['first', 'second', 'third']) {
        const use = await bench.measure(async () => {
          const done = listed.await(1);
          client.write(query);
          await done;
        });
        report(`A list of ${count} kites, the ${name} time`, use);
      }
    }
  } finally {
    bench.stop();
  }
}

function register(key: string, number: number): Buffer {
  const id = `00000000-0000-0000-0000-${String(number).padStart(12, '0')}`;
  const kite = { ...IDENTITY, name: `name${number % 100}`, id };
  const withArgs = [{ url: `http://10.0.0.1:3636/kite?${number}` }];
  return call('register', { kite, authentication: { type: 'kiteKey', key }, withArgs }, {});
}

const IDENTITY = { username: 'bob', environment: 'prod', version: '1.0.0', region: 'eu', hostname: 'host' };
const [what = '', ...given] = process.argv.slice(2);
if (what !== 'lists')
  for (const users of given.length > 0 ? given : ['1', '10000']) await watches(Number(users));
if (what !== 'watches') {
  const counts = what === 'lists' && given.length > 0 ? given : ['1000', '5000', '20000', '60000'];
  await lists(counts.map(Number));
}
if (failed) console.error(`A ping or query has taken more than ${GOAL} ms`);
process.exit(failed ? 1 : 0);
