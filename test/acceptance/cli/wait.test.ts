import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { Kontrol } from '../../../src/lib/kontrol.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import type { TestKite } from '../../helpers/cli/cli-kite.js';
import type { Running } from '../../helpers/cli/cli-harness.js';
import { Network } from '../../helpers/cli/cli-network.js';
import { testKeyPair } from '../../helpers/kite/keys.js';
import { GoKontrol } from '../../helpers/kontrol/go-kontrol.js';
import { freePort } from '../../helpers/process/free-port.js';
import { FakeStorage } from '../../helpers/storage/fake-storage.js';

let network: Network;

beforeAll(async () => {
  network = await Network.create();
});

afterAll(() => network.close());

async function start(words: string, env: Readonly<Record<string, string>> = {}): Promise<Running> {
  // The watches of other commands end after these have exited.
  await watchers(0);
  const running = network.cli.start(['wait', ...words.split(' ')], { env });
  onTestFinished(async () => {
    running.child.kill('SIGKILL');
    await running.outcome;
  });
  return running;
}

const run = (words: string, env: Readonly<Record<string, string>> = {}) =>
  network.cli.run(['wait', ...words.split(' ')], { env });

const watchers = (count: number) =>
  vi.waitFor(() => expect(network.kontrol.status().watchers).toBe(count), { timeout: 30_000, interval: 10 });

/** A kite that is registered until the end of the test. */
async function registered(name: string): Promise<TestKite> {
  const remote = await network.register({}, name);
  onTestFinished(() => remote.kite.close());
  return remote;
}

/** Registers a kite that does not exist, as one does whose process is frozen or gone. */
async function registerByHand(name: string, url: string): Promise<Kite> {
  const kite = new Kite(name, '1.0.0', {
    kiteKey: network.jwt,
    environment: 'prod',
    env: {},
    logger: silentLogger,
  });
  onTestFinished(() => kite.close());
  await kite.register({ url });
  return kite;
}

describe('wait', () => {
  it('wait prints the kites that are registered already, as query does', async () => {
    const math = await registered('early');
    const { code, stdout, stderr } = await run('/bob/prod/early');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^1\t/bob/prod/early/\\S+\t${math.url}\n$`));
  });

  it('wait ends when enough kites have registered, and prints JSON by line', async () => {
    const waiting = await start('/bob/prod/three --for count=3 --json');
    await watchers(1);
    const kites = [];
    for (let i = 0; i < 3; i++) kites.push(await registered('three'));
    const { code, stdout } = await waiting.outcome;
    const lines = stdout.trimEnd().split('\n');
    const urls = lines.map((line) => (JSON.parse(line) as { url: string }).url);
    expect({ code, urls: urls.toSorted() }).toEqual({
      code: 0,
      urls: kites.map(({ url }) => url).toSorted(),
    });
  });

  it('wait for answering ends when as many kites as asked for answer a ping', async () => {
    const port = await freePort();
    await registerByHand('slow', `http://127.0.0.1:${port}/kite`);
    const waiting = await start('/bob/prod/slow --for answering,count=2 -o name');
    await registered('slow');
    await watchers(1);
    expect(waiting.stdout).toBe('');
    // The kite that was registered too early begins to listen.
    const late = new Kite('slow', '1.0.0', { port, kiteKey: false, env: {}, logger: silentLogger });
    onTestFinished(() => late.close());
    await late.listen();
    const { code, stdout } = await waiting.outcome;
    expect({ code, lines: stdout.trimEnd().split('\n').length }).toEqual({ code: 0, lines: 2 });
  });

  it('wait exits with 124 at the timeout, prints what it saw, and names what does not answer', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket.on('error', () => {})));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const { port } = silent.address() as AddressInfo;
    await registerByHand('half', `http://127.0.0.1:${port}/kite`);
    await registered('half');
    const { code, stdout, stderr } = await run('/bob/prod/half --for answering,count=2 --timeout 2s');
    expect(code).toBe(124);
    expect(stdout).toMatch(/^1\t\/bob\/prod\/half\/\S+\thttp\S+\n$/);
    expect(stderr).toContain('waiting for 2 kites of /bob/prod/half to answer failed: not within 2s');
    expect(stderr).toContain(`2 registered, 1 answering; http://127.0.0.1:${port}/kite: no answer yet`);
  });

  it('wait for gone ends when no kite is registered any more', async () => {
    expect(await run('/bob/prod/never --for gone')).toEqual({ code: 0, stdout: '', stderr: '' });
    const leaving = await registerByHand('leaving', 'http://127.0.0.1:1/kite');
    const waiting = await start('/bob/prod/leaving --for gone');
    await watchers(1);
    // Kontrol answers the queries of a user in order: after this, it has listed the kite to the command.
    await leaving.getKites({ username: 'bob' });
    await leaving.close();
    const { code, stdout } = await waiting.outcome;
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(
        /^1\t\/bob\/prod\/leaving\/\S+\thttp:\/\/127\.0\.0\.1:1\/kite\n$/,
      ) as string,
    });
  });

  it('wait for gone prints a kite that left before its listing arrived', async () => {
    const kontrol = await GoKontrol.start();
    onTestFinished(() => kontrol.close());
    const identity = { ...kontrol.kite.identity, username: 'bob', environment: 'prod', name: 'hasty' };
    const found = { kite: identity, url: 'http://127.0.0.1:1/kite', token: '' };
    kontrol.kite.handle('getKites', ({ args: [given] }) => {
      const { watchCallback } = given as { watchCallback: (change: unknown) => void };
      watchCallback({ error: null, result: { action: 'DEREGISTER', ...found } });
      return { kites: [found], watcherID: 'hasty' };
    });
    const home = join(network.cli.home, 'hasty');
    await writeKiteKeyFile(kontrol.keyOf('bob'), { home });
    const { code, stdout, stderr } = await run(`/bob/prod/hasty --for gone --kontrol ${kontrol.url}`, {
      KITE_HOME: home,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      `1\t/bob/prod/hasty/${identity.version}/${identity.region}/${identity.hostname}/${identity.id}\thttp://127.0.0.1:1/kite\n`,
    );
  });

  it('wait tries again until a Kontrol that was just started can be reached', async () => {
    const port = await freePort();
    const waiting = await start(`/kontrol --kontrol http://127.0.0.1:${port}/kite --timeout 60s`);
    const kontrol = new Kontrol({
      storage: new FakeStorage(),
      port,
      keyPair: await testKeyPair(0),
      env: {},
      logger: silentLogger,
    });
    onTestFinished(() => kontrol.close({ drainTimeout: 0 }));
    await new Promise((resolve) => setImmediate(resolve));
    await kontrol.listen();
    const kite = new Kite('x', '1.0.0', {
      kiteKey: await kontrol.newKiteKey('kontrol'),
      kontrolUrl: kontrol.url,
      env: {},
      logger: silentLogger,
    });
    onTestFinished(() => kite.close());
    await kite.register({ url: 'http://127.0.0.1:1/kite' });
    const { code, stderr } = await waiting.outcome;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('wait exits with 124 and the reason if Kontrol cannot be reached in time', async () => {
    const { code, stderr } = await run('/bob --kontrol http://127.0.0.1:1/kite --timeout 300ms');
    expect(code).toBe(124);
    expect(stderr).toContain('not within 300ms: Kontrol cannot be reached: Cannot connect to');
    expect(stderr).toContain('hint: Start Kontrol');
  });

  it('wait does not try again with a kite key that Kontrol rejects', async () => {
    const home = join(network.cli.home, 'stranger');
    const other = new Kontrol({
      storage: new FakeStorage(),
      port: 0,
      keyPair: await testKeyPair(1),
      env: {},
      logger: silentLogger,
    });
    onTestFinished(() => other.close({ drainTimeout: 0 }));
    await other.listen();
    await writeKiteKeyFile(await other.newKiteKey('bob'), { home });
    const { code } = await run(`/bob --kontrol ${network.kontrol.url} --timeout 60s`, { KITE_HOME: home });
    expect(code).toBe(4);
  });

  it('wait queries a Kontrol of Go periodically, without a note in a pipe', async () => {
    const kontrol = await GoKontrol.start();
    onTestFinished(() => kontrol.close());
    const home = join(network.cli.home, 'go');
    await writeKiteKeyFile(kontrol.keyOf('bob'), { home });
    const waiting = await start(`/bob/prod/late --kontrol ${kontrol.url}`, { KITE_HOME: home });
    await vi.waitFor(() => expect(kontrol.queries).toBeGreaterThan(1), { timeout: 30_000, interval: 10 });
    const late = new Kite('late', '1.0.0', {
      kiteKey: kontrol.keyOf('bob'),
      kontrolUrl: kontrol.url,
      environment: 'prod',
      env: {},
      logger: silentLogger,
    });
    onTestFinished(() => late.close());
    await late.register({ url: 'http://127.0.0.1:1/kite' });
    const { code, stdout, stderr } = await waiting.outcome;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('/bob/prod/late/');
  });
});
