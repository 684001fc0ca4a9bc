import { execFile, spawn } from 'node:child_process';
import { createServer, get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { generateKeyPair, selfSignedCertificate } from '../../../src/lib/keys/index.js';
import { isConfigurationError, Kite, type KiteOptions } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { KONTROL_URL, testKeyPair, testKiteKey, testToken } from '../../helpers/kite/keys.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { ALL_TRANSPORTS } from '../../helpers/transport/transports.js';

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step();
});

function makeKite(options: KiteOptions = {}, name = 'math'): Kite {
  const kite = new Kite(name, '1.0.0', {
    port: 0,
    kiteKey: false,
    env: {},
    logger: silentLogger,
    ...options,
  });
  kite.handle<[number]>('square', ({ args: [n] }) => n * n).disableAuthentication();
  cleanup.push(() => kite.close());
  return kite;
}

async function listening(options: KiteOptions = {}): Promise<Kite & { url: string }> {
  const kite = makeKite(options);
  await kite.listen();
  return kite as Kite & { url: string };
}

function body(url: string, options: { ca?: string } = {}): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const get = url.startsWith('https') ? httpsGet : httpGet;
    get(url, options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    }).on('error', reject);
  });
}

async function squareAt(url: string, ca?: string): Promise<unknown> {
  const client = makeKite({}, 'caller').newClient(url, ca === undefined ? {} : { ca });
  await client.dial();
  return client.tell('square', 4);
}

describe('a kite that listens', () => {
  it('a kite is reached at /kite and at the path of its name and version', async () => {
    const kite = await listening();
    expect(kite.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/kite$/);
    expect(await squareAt(kite.url)).toBe(16);
    expect(await squareAt(kite.url.replace('/kite', '/math-1.0.0/kite'))).toBe(16);
    expect(await body(kite.url)).toEqual({ status: 200, text: 'Welcome to SockJS!\n' });
    expect((await body(kite.url.replace('/kite', '/else'))).status).toBe(404);
  });

  it('a kite is served at a custom path', async () => {
    const kite = await listening({ prefixes: ['/services/math', '/old'] });
    expect(kite.url).toMatch(/:\d+\/services\/math$/);
    expect(await squareAt(kite.url)).toBe(16);
    expect(await squareAt(kite.url.replace('/services/math', '/old'))).toBe(16);
    expect((await body(kite.url.replace('/services/math', '/kite'))).status).toBe(404);
  });

  it.each(ALL_TRANSPORTS)('a kite answers over %s', async (transport) => {
    const kite = await listening();
    const client = makeKite({}, 'caller').newClient(kite.url, { transport });
    await client.dial();
    expect(await client.tell('square', 4)).toBe(16);
  });

  it('a kite reports that its port is in use', async () => {
    const { port = 0 } = await listening();
    const inUse: unknown = await makeKite({ port })
      .listen()
      .catch((error: unknown) => error);
    expect(isConfigurationError(inUse)).toBe(true);
    expect(inUse).toMatchObject({
      code: 'portInUse',
      message: `Cannot listen on 127.0.0.1:${port}: the port is in use`,
      hint: 'Choose another port, or 0 for a free one, or stop the program that uses it.',
      cause: { code: 'EADDRINUSE' },
    });
    await expect(makeKite({ ip: '192.0.2.1' }).listen()).rejects.toMatchObject({
      code: 'noAddress',
      message: 'Cannot listen on 192.0.2.1:0: this machine has no such address',
      hint: 'Choose an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all.',
    });
  });

  it('a kite takes its settings, including the version, from KITE_* variables', async () => {
    const kite = await listening({
      env: {
        KITE_ENVIRONMENT: 'prod',
        KITE_REGION: 'eu',
        KITE_USERNAME: 'bob',
        KITE_VERSION: '2.1.0',
        KITE_TIMEOUT: '5s',
      },
    });
    expect(kite.identity).toMatchObject({
      name: 'math',
      username: 'bob',
      environment: 'prod',
      region: 'eu',
      version: '2.1.0',
    });
    expect(kite.identity.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    expect(kite.config.timeout).toBe(5000);
    expect(() => makeKite({ env: { KITE_PORT: 'high' }, port: undefined })).toThrow('KITE_PORT');
  });

  it('a kite serves TLS with its certificate, and its clients verify it', async () => {
    const keys = await generateKeyPair();
    const cert = await selfSignedCertificate({ hosts: ['127.0.0.1'], keys });
    const kite = makeKite().useTls({ cert, key: keys.privateKey });
    await kite.listen();
    expect(kite.url).toMatch(/^https:/);
    expect(await squareAt(kite.url ?? '', cert)).toBe(16);
    await expect(squareAt(kite.url ?? '')).rejects.toMatchObject({ type: 'disconnect', code: 'tls' });
  });

  it('a kite handles plain HTTP paths of the program', async () => {
    const kite = makeKite()
      .handleHttp('/healthz', (_request, response) => void response.end('ok'))
      .handleHttp('/files/', (request, response) => void response.end(request.url))
      .handleHttp('/files/special/', (_request, response) => void response.end('special'))
      .handleHttp('/broken', () => Promise.reject(new Error('broken')));
    await kite.listen();
    const base = (kite.url ?? '').replace('/kite', '');
    expect(await body(`${base}/healthz?x=1`)).toEqual({ status: 200, text: 'ok' });
    expect(await body(`${base}/files/a/b`)).toEqual({ status: 200, text: '/files/a/b' });
    expect(await body(`${base}/files/special/a`)).toEqual({ status: 200, text: 'special' });
    expect((await body(`${base}/broken`)).status).toBe(500);
    expect((await body(`${base}/healthz/more`)).status).toBe(404);
  });
});

describe('a kite in Kubernetes', () => {
  it('a kite ignores the port that Kubernetes sets for a service, and notes that once it listens', async () => {
    const notes: string[] = [];
    const logger = { ...silentLogger, warn: (text: string) => void notes.push(text) };
    const env = { KITE_PORT: 'tcp://10.96.0.9:3636', KITE_SERVICE_HOST: '10.96.0.9' };
    const kite = makeKite({ port: undefined, env, logger });
    expect(notes).toEqual([]);
    await kite.listen();
    expect(notes).toEqual([expect.stringContaining('KITE_PORT=tcp://10.96.0.9:3636 is ignored')]);
  });
});

describe('a kite mounted on a server', () => {
  it('a mounted kite answers beside the handler of the server', async () => {
    const server = createServer((_request, response) => void response.end('mine'));
    const kite = makeKite().mount(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanup.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    expect(await squareAt(`http://127.0.0.1:${port}/kite`)).toBe(16);
    expect((await body(`http://127.0.0.1:${port}/else`)).text).toBe('mine');
    await kite.close();
    expect((await body(`http://127.0.0.1:${port}/else`)).text).toBe('mine');
  });
});

describe('closing a kite', () => {
  it('a kite that closes lets running calls finish, rejects new ones, and sends a close frame', async () => {
    const kite = await listening();
    let begun: () => void = () => {};
    let finish: (value: string) => void = () => {};
    const running = new Promise<void>((resolve) => (begun = resolve));
    kite
      .handle('slow', () => {
        begun();
        return new Promise((resolve) => (finish = resolve));
      })
      .disableAuthentication();
    const client = makeKite({}, 'caller').newClient(kite.url);
    await client.dial();
    const gone = new Promise<[number, string]>((resolve) =>
      client.on('disconnect', (...end) => resolve(end)),
    );
    const slow = client.tell('slow');
    await running;
    const closed = kite.close();
    await expect(client.tell('square', 4)).rejects.toMatchObject({
      type: 'disconnect',
      message: 'math is shutting down',
    });
    await expect(squareAt(kite.url)).rejects.toMatchObject({ code: 'handshake', retryable: true });
    finish('done');
    expect(await slow).toBe('done');
    expect(await gone).toEqual([1012, 'All calls are answered']);
    await closed;
    expect(kite.connectionCount).toBe(0);
  });

  it('a kite that closes waits for running calls until the drain timeout', async () => {
    const kite = await listening();
    kite.handle('never', () => new Promise(() => {})).disableAuthentication();
    const client = makeKite({}, 'caller').newClient(kite.url);
    await client.dial();
    const never = client.tell('never').catch((error: unknown) => error);
    await client.tell('square', 1);
    await kite.close({ drainTimeout: 1 });
    expect(await never).toMatchObject({ type: 'disconnect' });
  });
});

describe('kite keys and tokens', () => {
  async function withKeys(options: KiteOptions = {}) {
    const pair = await testKeyPair();
    const key = (user: string) => testKiteKey(user, pair, systemClock).jwt;
    const kite = makeKite({ kiteKey: key('bob'), ...options });
    kite.handle('who', ({ username, kite: caller }) => [username, caller.username]);
    await kite.listen();
    const tell = async (auth: { type: string; key: string } | null) => {
      const client = makeKite({ username: 'mallory' }, 'caller').newClient(kite.url ?? '', { auth });
      await client.dial();
      return client.tell('who');
    };
    return { kite, pair, key, tell };
  }

  it("kite keys of the kite's own user are accepted and identify the caller", async () => {
    const { key, tell, kite } = await withKeys();
    expect(kite.identity.username).toBe('bob');
    expect(kite.config.kontrolUrls).toEqual([KONTROL_URL]);
    expect(await tell({ type: 'kiteKey', key: key('bob') })).toEqual(['bob', 'bob']);
  });

  it('kite keys of other users are rejected unless the program accepts them', async () => {
    const strict = await withKeys();
    await expect(strict.tell({ type: 'kiteKey', key: strict.key('alice') })).rejects.toMatchObject({
      type: 'authenticationError',
      message: expect.stringContaining('kiteKey: ') as string,
    });
    const loose = await withKeys({ allowKiteKeysOf: ['alice'] });
    expect(await loose.tell({ type: 'kiteKey', key: loose.key('alice') })).toEqual(['alice', 'alice']);
    const open = await withKeys({ allowKiteKeysOf: 'any' });
    expect(await open.tell({ type: 'kiteKey', key: open.key('carol') })).toEqual(['carol', 'carol']);
  });

  it('credentials of another Kontrol, missing ones and those of an unknown type are rejected', async () => {
    const { tell } = await withKeys({ allowKiteKeysOf: 'any' });
    const forged = testKiteKey('bob', await testKeyPair(1), systemClock).jwt;
    await expect(tell({ type: 'kiteKey', key: forged })).rejects.toMatchObject({
      type: 'authenticationError',
    });
    await expect(tell(null)).rejects.toMatchObject({ message: 'No authentication information is provided' });
    await expect(tell({ type: 'odd', key: 'x' })).rejects.toMatchObject({
      message: 'Unknown authentication type: odd',
    });
  });

  it('tokens for this kite are accepted, and those for another are not', async () => {
    const { tell, pair } = await withKeys();
    expect(
      await tell({ type: 'token', key: testToken('alice', '/bob/unknown/math', pair, systemClock) }),
    ).toEqual(['alice', 'alice']);
    await expect(
      tell({ type: 'token', key: testToken('alice', '/carol', pair, systemClock) }),
    ).rejects.toMatchObject({
      type: 'authenticationError',
      message: expect.stringContaining('token: ') as string,
    });
  });
});

describe('the id of a kite', () => {
  it('a kite registers with the id that the program sets, and with the same one after a restart', async () => {
    const { kontrol } = await startKontrol();
    const key = await kontrol.newKiteKey('bob');
    const ids: string[] = [];
    for (let start = 0; start < 2; start++) {
      const kite = makeKite({ kiteKey: key, port: 0, id: 'math-1' });
      await kite.listen();
      await kite.register();
      const [found] = await kite.getKites({ id: 'math-1' });
      ids.push(found?.kite.id ?? '');
      await kite.close();
    }
    expect(ids).toEqual(['math-1', 'math-1']);
  });

  it('a kite has a new id by default, and rejects one that is not a name', () => {
    expect(makeKite({}).identity.id).not.toBe(makeKite({}).identity.id);
    expect(() => makeKite({ id: 'a/b' })).toThrow(/id/);
    expect(() => makeKite({ id: '' })).toThrow(/id/);
  });
});

describe('methods that access the machine', () => {
  const system = ['kite.systemInfo', 'kite.print', 'kite.prompt', 'kite.getPass', 'kite.notify'] as const;

  async function ask(options: KiteOptions, method: string, ...args: unknown[]): Promise<unknown> {
    const kite = await listening(options);
    kite.authenticate('any', () => 'friend');
    const client = makeKite({}, 'caller').newClient(kite.url, { auth: { type: 'any', key: '' } });
    await client.dial();
    return client.tell(method, ...args);
  }

  it.each(system)('a kite does not serve %s unless the program enables it', async (method) => {
    await expect(ask({}, method, 'text')).rejects.toMatchObject({ type: 'methodNotFound' });
  });

  it('kite.systemInfo reports the system if it is enabled', async () => {
    const info = await ask({ systemMethods: ['kite.systemInfo'] }, 'kite.systemInfo');
    expect(info).toMatchObject({ state: 'RUNNING', homeDir: expect.any(String) as string });
    const { diskTotal, diskUsage, totalMemoryLimit, memoryUsage } = info as Record<string, number>;
    expect(diskTotal).toBeGreaterThan(diskUsage ?? 0);
    expect(totalMemoryLimit).toBeGreaterThan(memoryUsage ?? 0);
  });

  it('kite.prompt fails without a terminal', async () => {
    await expect(ask({ systemMethods: ['kite.prompt'] }, 'kite.prompt', 'Name?')).rejects.toMatchObject({
      message: expect.stringContaining('Cannot prompt') as string,
    });
  });
});

describe('a program that is a kite', () => {
  const program = (options: string): string => `
    import { Kite } from 'kitectl';
    const kite = new Kite('math', '1.0.0', { port: 0, kiteKey: false, ${options} });
    await kite.run();
    console.log('closed');`;

  function start(options: string) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program(options)], {
      cwd: new URL('../../../', import.meta.url),
      env: { PATH: process.env['PATH'], KITE_HOME: temporaryFolder(), KITE_LOG_NOCOLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    cleanup.push(() => child.kill('SIGKILL'));
    let [stdout, stderr] = ['', ''];
    const waiting: { pattern: RegExp; resolve: (match: string) => void }[] = [];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      for (const { pattern, resolve } of waiting) {
        const match = pattern.exec(stderr);
        if (match) resolve(match[0]);
      }
    });
    const logged = (pattern: RegExp): Promise<string> =>
      new Promise((resolve) => {
        const match = pattern.exec(stderr);
        if (match) resolve(match[0]);
        else waiting.push({ pattern, resolve });
      });
    const ended = new Promise<{ code: number | null; stdout: string }>((resolve) =>
      child.on('close', (code) => resolve({ code, stdout })),
    );
    return { child, logged, ended };
  }

  it.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)(
    'a program closes its kite gracefully on %s and exits with 0',
    async (signal) => {
      const { child, logged, ended } = start('');
      const url = await logged(/http:\/\/127\.0\.0\.1:\d+\/kite/);
      expect(url).toContain('/kite');
      child.kill(signal);
      expect(await ended).toEqual({ code: 0, stdout: 'closed\n' });
    },
  );

  it('a program switches debug logging on and off on SIGUSR2', async () => {
    const { child, logged, ended } = start('');
    const url = await logged(/http:\/\/127\.0\.0\.1:\d+\/kite/);
    child.kill('SIGUSR2');
    await logged(/log level: debug/);
    expect(await squareAt(url).catch((error: unknown) => error)).toMatchObject({ type: 'methodNotFound' });
    await logged(/DEBUG\s+127\.0\.0\.1:\d+ connected/);
    child.kill('SIGUSR2');
    await logged(/log level: info/);
    // Without a terminal, this does not end it.
    child.kill('SIGHUP');
    child.kill('SIGUSR2');
    await logged(/log level: debug/);
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
  });
});

it('the library loads from plain JavaScript, without TypeScript', async () => {
  const script = "import('kitectl').then(({ Kite }) => console.log(typeof Kite))";
  const stdout = await new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['-e', script],
      { cwd: new URL('../../../', import.meta.url) },
      (error, out) => (error ? reject(error) : resolve(out)),
    );
  });
  expect(stdout).toBe('function\n');
});
