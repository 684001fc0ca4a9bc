import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { type Client, Kite } from '../../../src/lib/index.js';
import { readKiteKeyFile } from '../../../src/lib/keys/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { Cli, type Running } from '../../helpers/cli/cli-harness.js';
import { testIdentity } from '../../helpers/kite/keys.js';
import { answerIn, registerMessage } from '../../helpers/proxy/proxy.js';
import { request } from '../../helpers/transport/http.js';

// Programs that run out of file descriptors (/proc/self/limits) or of space on the disk.

let cli: Cli;
const running: Running[] = [];

beforeEach(async () => {
  cli = await Cli.create();
});

afterEach(async () => {
  for (const program of running.splice(0)) {
    program.child.kill('SIGTERM');
    await program.outcome;
  }
  await cli.remove();
});

/** Starts a program with limited resources. Resolves with it and its URL once it listens. */
async function startAfter(
  before: string,
  args: readonly string[],
): Promise<{ program: Running; url: string }> {
  const program = cli.startAfter(before, args);
  running.push(program);
  await program.until(({ stderr }) => /listens at http/.test(stderr));
  return { program, url: /listens at (\S+)/.exec(program.stderr)?.[1] ?? '' };
}

async function dial(url: string, kiteKey?: string): Promise<Client> {
  const kite = new Kite('caller', '1.0.0', { kiteKey: kiteKey ?? false, env: {}, logger: silentLogger });
  onTestFinished(() => kite.close());
  const client = kite.newClient(
    url,
    kiteKey === undefined ? {} : { auth: { type: 'kiteKey', key: kiteKey } },
  );
  await client.dial();
  return client;
}

/** A connection that never sends anything. Resolves when it is open, or was refused. */
async function silentConnection(url: string): Promise<net.Socket> {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
  return socket;
}

const countOf = (text: string, part: string): number => text.split(part).length - 1;

describe('a server without file descriptors', () => {
  const serve = ['serve', '--name', 'a', '--no-auth', '--port', '0', '--parallel', '40', '--method', 'm'];

  it('serve --exec answers an error to calls whose command cannot be started, and continues to serve', async () => {
    const { url } = await startAfter('ulimit -n 40', [...serve, '--exec', 'sleep 0.2; echo 1']);
    const client = await dial(url);
    const calls = await Promise.allSettled(Array.from({ length: 40 }, () => client.tell('m')));
    const reasons = calls.flatMap((call) => (call.status === 'rejected' ? [String(call.reason)] : []));
    expect(reasons.length).toBeGreaterThan(0);
    expect(reasons.length).toBeLessThan(40);
    for (const reason of reasons)
      expect(reason).toMatch(/cannot be started: too many open files .*Raise ulimit -n/);
    expect(await client.tell('m')).toBe(1);
  });

  it('a server refuses the newest connections, logs the cure once, serves the oldest, and recovers', async () => {
    const { program, url } = await startAfter('ulimit -n 128', [...serve, '--exec', 'echo 1']);
    const client = await dial(url);
    const sockets = await Promise.all(Array.from({ length: 200 }, () => silentConnection(url)));
    await expect(dial(url)).rejects.toMatchObject({
      code: 'reset',
      cause: { hint: expect.stringContaining('raise its ulimit -n') as string },
    });
    expect(await client.tell('m')).toBe(1);
    await program.until(({ stderr }) => stderr.includes('Raise ulimit -n, or LimitNOFILE'));
    expect(countOf(program.stderr, 'Too many open files')).toBe(1);
    for (const socket of sockets) socket.destroy();
    await expect.poll(async () => (await dial(url)).tell('m').catch(String), { timeout: 10_000 }).toBe(1);
    expect(countOf(program.stderr, 'Too many open files')).toBe(1);
  });

  it('a client without file descriptors reports that ulimit -n has to be raised', async () => {
    const { url } = await startAfter(':', [...serve, '--exec', 'echo 1']);
    const bench = cli.startAfter('ulimit -n 40', [
      'bench',
      'm',
      '--to',
      url,
      '--connections',
      '60',
      '--duration',
      '1s',
    ]);
    const { code, stderr, stdout } = await bench.outcome;
    expect(code).not.toBe(0);
    expect(stderr + stdout).toMatch(/[Rr]aise ulimit -n/);
    expect(stderr + stdout).not.toMatch(/undefined|https/);
  });
});

describe('Kontrol on a full disk', () => {
  it('Kontrol answers queries, rejects registrations, is not ready, and recovers when there is space again', async () => {
    const args = ['kontrol', 'start', '--port', '0', '--registration', 'open'];
    const { program, url } = await startAfter('ulimit -S -f 512', args);
    const env = { KITE_HOME: join(cli.home, 'bob') };
    const registered = await cli.run(['register', '--to', url, '--username', 'bob'], { env });
    expect(registered.code, registered.stderr).toBe(0);
    const key = readKiteKeyFile(join(env.KITE_HOME, 'kite.key')).jwt;
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/000/abc/websocket`);
    onTestFinished(() => socket.terminate());
    await once(socket, 'open');
    const register = async (id: string): Promise<unknown> => {
      const kite = testIdentity({ id, username: 'bob' });
      socket.send(
        JSON.stringify([registerMessage(kite, key, { url: `http://127.0.0.1/${'x'.repeat(1000)}` })]),
      );
      for (;;) {
        const [data] = (await once(socket, 'message')) as [Buffer];
        const text = data.toString();
        if (!text.startsWith('a')) continue;
        const messages = JSON.parse(text.slice(1)) as string[];
        const answer = messages.find((message) => message.includes('"error"'));
        if (answer !== undefined) return answerIn(answer).error;
      }
    };
    let count = 0;
    let error: unknown = null;
    for (; error === null && count < 2000; count++) error = await register(`kite-${count}`);
    expect(error).toMatchObject({ type: 'genericError', code: 'storeUnavailable' });
    const ready = async (): Promise<number> => (await request('GET', new URL('/readyz', url).href)).status;
    expect(await ready()).toBe(503);
    const client = await dial(url, key);
    const found = await client.call('getKites', [{ query: { id: 'kite-0' } }]);
    expect(found).toMatchObject({ kites: [{ kite: { id: 'kite-0' } }] });
    expect(program.stderr).toContain('cannot be written');
    execFileSync('prlimit', ['--pid', String(program.child.pid), '--fsize=unlimited']);
    await expect.poll(ready, { timeout: 15_000 }).toBe(200);
    expect(await register('another')).toBeNull();
  }, 60_000);
});
