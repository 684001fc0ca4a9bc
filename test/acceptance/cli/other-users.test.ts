import { join } from 'node:path';
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { hostname, networkInterfaces, tmpdir } from 'node:os';
import kitejs from 'kite.js';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Auth, Kite } from '../../../src/lib/index.js';
import { newKiteKey, writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { cleanEnv, Cli, type Outcome, root, Running } from '../../helpers/cli/cli-harness.js';
import {
  binOfOther,
  listenAs,
  listenOnceAs,
  OTHER_UID,
  type OtherListener,
  spawnAs,
} from '../../helpers/cli/other-user.js';
import { testKeyPair } from '../../helpers/kite/keys.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { freePort } from '../../helpers/process/free-port.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import type { Kontrol } from '../../../src/lib/kontrol.js';

/** The words after each command that connects to a kite, a proxy or Kontrol; {url} is the listener, which is also Kontrol. */
const DIALS: Readonly<Record<string, readonly string[]>> = {
  bench: ['square 4 --duration 50ms --to {url}', 'square 4 --duration 50ms --to /bob/prod/math'],
  call: [
    'square 4 --to {url}',
    'square 4 --to {url} --transport XHRPolling',
    'square 4 --to /bob/prod/math',
    'square 4',
    'square 4 --to /bob/prod/math --all',
    'square --stdin --parallel 4 --to {url}',
  ],
  complete: ['-- call --to {url} s', '-- query /'],
  describe: ['--to {url}', '--to /bob/prod/math'],
  doctor: ['', '--kontrol {url}'],
  expose: ['{url} --name math --environment prod', '{url} --name math --to {url}'],
  'kontrol:invite': ['eve'],
  'kontrol:keys:list': [''],
  'kontrol:keys:revoke': ['some --yes', '--kite-key 6f1ad2bc-6e6c-4d9b-9f3c-0f4f5c3d2b1a --yes'],
  'kontrol:keys:rotate': [''],
  'kontrol:status': [''],
  'kontrol:ui': ['', '--admin'],
  'kontrol:users:list': [''],
  'kontrol:users:revoke': ['eve --yes'],
  'kontrol:users:show': ['eve'],
  ping: ['--to {url}', ''],
  'proxy:start': ['--port 0', '--port 0 --tunnel'],
  'proxy:status': ['', '--to {url}'],
  query: ['', '/bob/prod --watch'],
  register: ['--to {url} --username bob --force --invite-file -'],
  serve: ['--name math --method square --exec cat --port 0 --register'],
  shell: ['--to {url}', '--to /bob/prod/math'],
  tell: ['--to {url} --method square 4'],
  token: ['/bob/prod/math'],
  top: ['--once', '/bob --once'],
  wait: ['/bob/prod'],
  watch: ['/bob/prod'],
};

/** The commands that connect to none of these. */
const DIALS_NOTHING = (
  'completion config:explain install keygen kontrol:export kontrol:import kontrol:keys:reseal kontrol:start list run uninstall ' +
  'context:add context:list context:previous context:remove context:show context:use ' +
  'keys:list keys:move keys:remove keys:show showkey'
).split(' ');

/** The command lines that need no kite key, or report nothing. */
const NEEDS_NO_KEY = ['register', 'complete'];

let cli: Cli;
let other: OtherListener;
let kiteKey: string;

beforeAll(async () => {
  cli = await Cli.create();
  other = await listenAs(OTHER_UID);
  kiteKey = newKiteKey({
    username: 'bob',
    // The user administers Kontrol as well.
    kontrolUser: 'bob',
    kontrolUrl: other.url,
    keyPair: await testKeyPair(0),
    clock: systemClock,
  });
  await writeKiteKeyFile(kiteKey, { home: join(cli.home, '.kite') });
});

afterAll(async () => {
  await other.close();
  await cli.remove();
});

function run(command: string, line: string, env = {}): Promise<Outcome> {
  const words = `${command.replaceAll(':', ' ')} ${line.replaceAll('{url}', other.url)}`;
  const input = line.includes('--stdin') ? '4\n9\n' : 'square 4\n';
  return cli.run(
    words.split(' ').filter((word) => word !== ''),
    { input, env },
  );
}

const lines = Object.entries(DIALS).flatMap(([command, all]) => all.map((line) => [command, line] as const));

describe('a program of another user that listens at a loopback address', () => {
  it.each(lines)('%s %s sends it no kite key', async (command, line) => {
    const before = (await other.received()).length;
    const { code, stdout, stderr } = await run(command, line);
    const received = (await other.received()).slice(before);
    // A completion gives up early.
    if (command !== 'complete') expect(received.length).toBeGreaterThan(0);
    expect(received.filter((item) => item.includes(kiteKey) || item.includes('eyJ'))).toEqual([]);
    if (NEEDS_NO_KEY.includes(command)) return;
    expect({ code, stdout, stderr }).toMatchObject({ code: 4 });
    expect(stdout + stderr).toMatch(/--auth kite-key|KITE_KONTROL_AUTH=kite-key/);
  });

  it('the walk covers each command of the manifest', async () => {
    const manifest = JSON.parse(await readFile(join(root, 'oclif.manifest.json'), 'utf8')) as {
      readonly commands: Readonly<Record<string, unknown>>;
    };
    const all = Object.keys(manifest.commands);
    expect([...Object.keys(DIALS), ...DIALS_NOTHING].toSorted()).toEqual(all.toSorted());
    console.log(
      `${Object.keys(DIALS).length} of ${all.length} commands connect to another kite; ${lines.length} command lines`,
    );
  });
});

/** A kite of this user that squares numbers, and adds the type of the credentials of each call to `types`. */
async function startMath(key: string, types: unknown[], kontrolUrl?: string, port = 0): Promise<Kite> {
  const kite = new Kite('math', '1.0.0', {
    ip: '127.0.0.1',
    port,
    environment: 'prod',
    kiteKey: key,
    kontrolUrl,
    env: {},
    logger: silentLogger,
  });
  kite.handle('square', ({ args: [n], auth }) => {
    types.push((auth as Auth | null)?.type);
    return Number(n) ** 2;
  });
  await kite.listen();
  onTestFinished(() => kite.close({ drainTimeout: 100 }));
  return kite;
}

/** A Kontrol of this user, and the environment of bob. */
async function startOwnKontrol(): Promise<{
  kontrol: Kontrol;
  env: { KITE_KEY: string; KITE_KONTROL_URL: string };
}> {
  const { kontrol, url } = await startKontrol({ ip: '127.0.0.1' });
  return { kontrol, env: { KITE_KEY: await kontrol.newKiteKey('bob'), KITE_KONTROL_URL: url } };
}

/** Credentials that the listener has received, by their type. */
function sentTypes(received: readonly string[]): string[] {
  return received.flatMap((item) =>
    [...item.matchAll(/authentication\\*":(null|\{\\*"type\\*":\\*"(\w+))/g)].map(
      ([, none, type]) => type ?? none ?? '',
    ),
  );
}

const NAMED = ['bench', 'call', 'complete', 'describe', 'expose', 'ping', 'shell', 'tell'];
const namedLines = lines.filter(([command, line]) => NAMED.includes(command) && line.includes('{url}'));

describe('kites.localhost, if it leads to another address than when it was looked up', () => {
  let moved: OtherListener;
  const address = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

  beforeAll(async () => {
    moved = await listenAs(process.geteuid?.() ?? 0, address);
  });
  afterAll(() => moved.close());

  it.each(namedLines)('%s %s sends no credentials there', async (command, line) => {
    const before = (await moved.received()).length;
    const url = moved.url.replace(address ?? '', 'kites.localhost');
    const preload = join(root, 'test', 'helpers', 'cli', 'moved-name.cjs');
    const env = { NODE_OPTIONS: `--require ${preload}`, MOVED_TO: address ?? '' };
    const { code, stdout, stderr } = await run(command, line.replaceAll('{url}', url), env);
    const received = (await moved.received()).slice(before);
    if (command !== 'complete') expect(received.length).toBeGreaterThan(0);
    expect(received.filter((item) => item.includes('eyJ'))).toEqual([]);
    if (['complete', 'expose'].includes(command)) return;
    expect({ code, stdout, stderr }).toMatchObject({ code: 4 });
    expect(stdout + stderr).toContain(`is at ${address}, on another machine`);
  });

  it(`the walk covers ${namedLines.length} command lines of ${NAMED.length} commands, which dial a URL`, () => {
    expect(new Set(namedLines.map(([command]) => command)).size).toBe(NAMED.length);
    expect(address).toBeDefined();
  });
});

describe('a loopback address', () => {
  it('the kite key is sent to a program of another user if the user allows it', async () => {
    for (const [args, env] of [
      [['call', 'square', '4', '--to', other.url, '--auth', 'kite-key'], {}],
      [['query', '/bob', '--auth', 'kite-key'], {}],
      [['query', '/bob'], { KITE_KONTROL_AUTH: 'kite-key' }],
      [['call', 'square', '4', '--to', '/bob/prod/math'], { KITE_KONTROL_AUTH: 'kite-key' }],
    ] as const) {
      const before = (await other.received()).length;
      await cli.run(args, { env });
      const received = (await other.received()).slice(before);
      expect(received.some((item) => item.includes(kiteKey))).toBe(true);
    }
  });

  it('a kite of this user that Kontrol does not know gets the kite key, in the second call', async () => {
    const types: unknown[] = [];
    const kite = await startMath(kiteKey, types);
    const { code, stdout } = await cli.run(['call', 'square', '4', '--to', kite.url ?? '']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '16\n' });
    expect(types).toEqual(['kiteKey']);
  });

  it('a kite that Kontrol knows gets a token', async () => {
    const { kontrol, env } = await startOwnKontrol();
    const types: unknown[] = [];
    const kite = await startMath(env.KITE_KEY, types, kontrol.url);
    await kite.register();
    const url = kite.url?.replace('127.0.0.1', 'localhost') ?? '';
    const { code, stdout } = await cli.run(['call', 'square', '4', '--to', url], { env });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '16\n' });
    expect(types).toEqual(['token']);
  });

  it('a kite of another user of this machine that Kontrol knows gets a token, and never the kite key', async () => {
    const { kontrol, env } = await startOwnKontrol();
    const kite = await startMath(env.KITE_KEY, [], kontrol.url);
    expect(kite.identity.hostname).toBe(hostname());
    await kite.registerForever({ url: other.url });
    const before = (await other.received()).length;
    await cli.run(['call', 'square', '4', '--to', other.url], { env });
    const received = (await other.received()).slice(before);
    expect(sentTypes(received)).toEqual(['null', 'token']);
    expect(received.filter((item) => item.includes(env.KITE_KEY))).toEqual([]);
  });

  it('calls from standard input get credentials once per connection', async () => {
    const types: unknown[] = [];
    const kite = await startMath(kiteKey, types);
    const input = '1\n2\n3\n4\n';
    const args = ['call', 'square', '--stdin', '--parallel', '1', '--to', kite.url ?? ''];
    expect((await cli.run(args, { input })).stdout).toBe('1\n4\n9\n16\n');
    expect(types).toEqual(['kiteKey', 'kiteKey', 'kiteKey', 'kiteKey']);
  });

  it('a program of another user gets no kite key if it leaves its address to a kite of this user', async () => {
    const leaving = await listenOnceAs(OTHER_UID);
    onTestFinished(() => leaving.close());
    const call = cli.run(['call', 'square', '4', '--to', leaving.url]);
    await leaving.left();
    await startMath(kiteKey, [], undefined, Number(new URL(leaving.url).port));
    leaving.respond();
    const { code, stderr } = await call;
    expect(leaving.received()).not.toContain(kiteKey);
    expect({ code, stderr }).toMatchObject({ code: 4 });
    expect(stderr).toContain(`Another user (uid ${OTHER_UID})`);
  });

  it('a server of kite.js, which does not respond to a call with a kite key, gets none', async () => {
    const port = await freePort();
    const server = new kitejs.KiteServer({
      name: 'files',
      auth: false,
      logLevel: 0,
      serverClass: kitejs.KiteServer.transport.SockJS,
      prefix: '/kite',
      api: { square: (n: number, done: (error: null, result: number) => void) => done(null, n * n) },
    });
    server.listen(port);
    onTestFinished(() => server.close());
    const args = ['call', 'square', '4', '--to', `http://127.0.0.1:${port}/kite`];
    expect(await cli.run(args)).toMatchObject({ code: 0 });
  });

  it('a program of root is one of another user, unless root calls it', async () => {
    const types: unknown[] = [];
    const kite = await startMath(kiteKey, types);
    const home = await mkdtemp(join(tmpdir(), 'kitectl-other-'));
    onTestFinished(() => rm(home, { recursive: true, force: true }));
    await chown(home, OTHER_UID, OTHER_UID);
    const child = spawnAs({ uid: OTHER_UID }, [binOfOther, 'call', 'square', '4', '--to', kite.url ?? ''], {
      cwd: home,
      env: cleanEnv(home, { KITE_KEY: kiteKey, KITE_KONTROL_URL: 'http://127.0.0.1:1/kite' }),
    });
    const { code, stderr } = await new Running(child).outcome;
    expect({ code, stderr }).toMatchObject({ code: 4 });
    expect(stderr).toContain('Another user (uid 0) listens at');
    expect(stderr).toContain('hint: Add --auth kite-key');
    expect(types).toEqual([]);
  });
});
