import { once } from 'node:events';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { selfSignedCertificate, writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { testKeyPair } from '../../helpers/kite/keys.js';
import { Network } from '../../helpers/cli/cli-network.js';
import type { Running } from '../../helpers/cli/cli-harness.js';
import type { TestKite } from '../../helpers/cli/cli-kite.js';

let network: Network;
let math: TestKite;
let tunnel: { readonly running: Running; readonly url: string };

beforeAll(async () => {
  network = await Network.create();
  math = await network.register();
  const { cli, kontrol } = network;
  await writeKiteKeyFile(await network.keyOf('kontrol'), { home: join(cli.home, '.kite', 'kontrol') });
  const running = cli.start([
    'proxy',
    'start',
    '--tunnel',
    '--port',
    '0',
    '--json',
    '--kontrol',
    kontrol.url,
  ]);
  await running.until(printed);
  tunnel = { running, url: (JSON.parse(running.stdout) as { url: string }).url };
  await writeFile(join(cli.home, 'kite.mjs'), 'export const cube = (n) => n ** 3;\n');
  await writeFile(join(cli.home, 'allow.json'), '{}');
  await vi.waitFor(() => expect(kontrol.status().connected).toBe(2), { timeout: 30_000 });
  // A program of Node, because a shell cannot trap a signal that is ignored, as SIGHUP is under nohup.
  const bin = join(cli.home, '.kite', 'kites', 'local', '_', 'stay', '1.0.0', 'bin');
  await mkdir(bin, { recursive: true, mode: 0o700 });
  const program = `#!${process.execPath}
    for (const name of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM']) process.on(name, () => process.exit(9));
    setInterval(() => {}, 1000);
    console.log('runs');`;
  await writeFile(join(bin, 'stay'), program);
  await chmod(join(bin, 'stay'), 0o700);
});

afterAll(async () => {
  tunnel.running.child.kill('SIGTERM');
  await tunnel.running.outcome;
  await network.close();
});

interface LongRunning {
  readonly args: () => readonly string[];
  /** Whether the command has started to wait. */
  readonly started: (running: Running) => boolean;
  /** A server has the exit code 0 after a signal. */
  readonly server?: true;
  /** The exit code after every signal, of a program that handles signals itself. */
  readonly code?: number;
}

const printed = ({ stdout }: Running): boolean => stdout.includes('\n');
const watching = (): boolean => network.kontrol.status().watchers > 0;
const waiting = (): boolean => math.waiting.length > 0;

/** Every command that runs until it is ended, without a terminal. */
const COMMANDS: Readonly<Record<string, LongRunning>> = {
  'serve --exec': {
    args: () => ['serve', '--name', 'a', '--no-auth', '--json', '--method', 'one', '--exec', 'echo 1'],
    started: printed,
    server: true,
  },
  'serve MODULE --register': {
    args: () => ['serve', 'kite.mjs', '--json', '--register', '--kontrol', network.kontrol.url],
    started: printed,
    server: true,
  },
  'kontrol start': {
    args: () => [
      'kontrol',
      'start',
      '--port',
      '0',
      '--json',
      '--storage',
      'memory',
      '--policy',
      'allow.json',
    ],
    started: printed,
    server: true,
  },
  'proxy start': {
    args: () => ['proxy', 'start', '--port', '0', '--json', '--kontrol', network.kontrol.url],
    started: printed,
    server: true,
  },
  'proxy start --tunnel': {
    args: () => ['proxy', 'start', '--tunnel', '--port', '0', '--json', '--kontrol', network.kontrol.url],
    started: printed,
    server: true,
  },
  expose: {
    args: () => ['expose', math.url, '--name', 'exposed', '--json', '--to', tunnel.url],
    started: printed,
    server: true,
  },
  watch: { args: () => ['watch', '/bob', '--json'], started: watching },
  'query --watch': { args: () => ['query', '/bob', '--watch', '--json'], started: watching },
  call: { args: () => ['call', 'wait', '--to', math.url], started: waiting },
  'call --stdin': { args: () => ['call', 'square', '--stdin', '--to', math.url], started: printed },
  bench: { args: () => ['bench', 'wait', '--to', math.url, '--duration', '1h'], started: waiting },
  run: { args: () => ['run', 'stay'], started: printed, code: 9 },
};

async function start(name: string): Promise<Running> {
  math.waiting.length = 0;
  const { args, started } = COMMANDS[name] ?? { args: () => [], started: printed };
  const running = network.cli.start(args());
  onTestFinished(async () => {
    running.child.kill('SIGKILL');
    await running.outcome;
  });
  if (name === 'call --stdin') running.child.stdin?.write('[4]\n');
  await vi.waitFor(() => expect(started(running)).toBe(true), { timeout: 30_000, interval: 10 });
  return running;
}

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 } as const;
const names = Object.keys(COMMANDS);
const cases = names.flatMap((name) =>
  (Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]).map((signal) => ({ name, signal })),
);

describe('commands that run until a signal', () => {
  it.each(cases)('$name ends gracefully on $signal, or reloads', async ({ name, signal }) => {
    const running = await start(name);
    const { server, code = server ? 0 : SIGNALS[signal] } = COMMANDS[name] ?? {};
    running.child.kill(signal);
    if (server && signal === 'SIGHUP') {
      await running.until(({ stderr }) => stderr.includes('SIGHUP: reloaded the log level'));
      running.child.kill('SIGTERM');
    }
    expect(await running.outcome).toMatchObject({ code });
  });

  it.each(names)('%s survives that it is stopped and continued', async (name) => {
    const running = await start(name);
    const state = (): Promise<string> =>
      readFile(`/proc/${running.child.pid ?? 0}/stat`, 'utf8').then((text) => text.split(') ')[1]?.[0] ?? '');
    for (const signal of ['SIGTSTP', 'SIGSTOP'] as const) {
      running.child.kill(signal);
      // The kernel ignores SIGTSTP in a process group without a shell.
      if (signal === 'SIGSTOP') await vi.waitFor(async () => expect(await state()).toBe('T'), 20_000);
      running.child.kill('SIGCONT');
      await vi.waitFor(async () => expect(await state()).not.toBe('T'), 20_000);
    }
    running.child.kill('SIGTERM');
    const { server, code = server ? 0 : SIGNALS.SIGTERM } = COMMANDS[name] ?? {};
    expect(await running.outcome).toMatchObject({ code });
  });

  it('the walk over commands and signals covers every command that runs until a signal', () => {
    console.log(`signals: ${names.length} commands, ${cases.length + names.length} cases`);
    expect(cases.length + names.length).toBeGreaterThanOrEqual(60);
  });

  it.each(['serve --exec', 'kontrol start', 'proxy start'])(
    '%s on a terminal ends gracefully when the terminal is closed',
    async (name) => {
      const [command = '', ...rest] = COMMANDS[name]?.args() ?? [];
      const running = network.cli.startTerminal([command, ...rest], 80, { before: 'echo pid=$$; exec ' });
      await running.until(({ stdout }) => /"url"|listens at/.test(stdout));
      process.kill(Number(/pid=(\d+)/.exec(running.stdout)?.[1]), 'SIGHUP');
      expect(await running.outcome).toMatchObject({ code: 0 });
      expect(running.stdout).not.toContain('SIGHUP: reloaded');
    },
  );
});

/** A command that runs until it is ended, and its child; they print their process ids to a file. */
async function serveWithChildren(): Promise<{ running: Running; pids: () => Promise<number[]> }> {
  const { cli } = network;
  const file = join(cli.home, `pids-${Math.trunc(performance.now())}`);
  const command = `trap '' TERM HUP QUIT INT; sleep 1000 & echo $$ $! > ${file}.new; mv ${file}.new ${file}; wait; sleep 1000`;
  const running = cli.start([
    'serve',
    '--name',
    'b',
    '--no-auth',
    '--json',
    '--method',
    'stay',
    '--exec',
    command,
  ]);
  onTestFinished(async () => {
    running.child.kill('SIGKILL');
    await running.outcome;
  });
  await running.until(printed);
  const { url } = JSON.parse(running.stdout) as { url: string };
  const caller = cli.start(['call', 'stay', '--to', url, '--timeout', '0']);
  onTestFinished(async () => {
    caller.child.kill('SIGKILL');
    await caller.outcome;
  });
  const pids = async (): Promise<number[]> => (await readFile(file, 'utf8')).trim().split(' ').map(Number);
  await vi.waitFor(pids, { timeout: 20_000 });
  return { running, pids };
}

const runs = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it.each(['SIGINT', 'SIGQUIT', 'SIGTERM'] as const)(
  'a second %s ends serve at once, with its commands and their child processes',
  async (signal) => {
    const { running, pids } = await serveWithChildren();
    const children = await pids();
    expect(children.map(runs)).toEqual([true, true]);
    running.child.kill(signal);
    // The listener of the first signal has run once the kite accepts no connections.
    const { port } = new URL((JSON.parse(running.stdout) as { url: string }).url);
    await vi.waitFor(() => expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed'), {
      timeout: 20_000,
    });
    running.child.kill(signal);
    expect(await running.outcome).toMatchObject({ code: SIGNALS[signal] });
    await vi.waitFor(() => expect(children.map(runs)).toEqual([false, false]), { timeout: 20_000 });
  },
);

/** The serial number of the certificate that a server presents. */
async function serialAt(port: number): Promise<string> {
  const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

describe('reloading', () => {
  const certificate = async (folder: string): Promise<void> => {
    const keys = await testKeyPair(0);
    await writeFile(join(folder, 'cert.pem'), await selfSignedCertificate({ keys, hosts: ['127.0.0.1'] }));
    await writeFile(join(folder, 'key.pem'), keys.privateKey, { mode: 0o600 });
  };

  it.each([
    ['kontrol start', ['--storage', 'memory', '--tlscertfile', 'cert.pem', '--tlskeyfile', 'key.pem']],
    ['proxy start', ['--tls-cert', 'cert.pem', '--tls-key', 'key.pem']],
  ])('%s uses a new certificate after SIGHUP, and keeps it if the next one is bad', async (command, args) => {
    const folder = join(network.cli.home, command.replace(' ', '-'));
    await mkdir(folder);
    await certificate(folder);
    const running = network.cli.start([...command.split(' '), '--port', '0', '--json', ...args], {
      cwd: folder,
    });
    onTestFinished(async () => {
      running.child.kill('SIGTERM');
      await running.outcome;
    });
    await running.until(printed);
    const port = Number(new URL((JSON.parse(running.stdout) as { url: string }).url).port);
    const first = await serialAt(port);
    const open = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    onTestFinished(() => void open.destroy());
    await once(open, 'secureConnect');
    await certificate(folder);
    running.child.kill('SIGHUP');
    await running.until(({ stderr }) => stderr.includes('SIGHUP: reloaded'));
    const second = await serialAt(port);
    expect(second).not.toBe(first);
    // The connection is still served.
    open.write('GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    expect(String((await once(open, 'data'))[0])).toMatch(/^HTTP\/1\.1 /);
    await writeFile(
      join(folder, 'cert.pem'),
      '-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n',
    );
    running.child.kill('SIGHUP');
    await running.until(({ stderr }) =>
      /cert\.pem cannot be used; the previous one stays in use: \S/.test(stderr),
    );
    expect(await serialAt(port)).toBe(second);
  });

  it('Kontrol applies a new policy after SIGHUP, keeps connections, and keeps it if the next one is bad', async () => {
    const { cli } = network;
    const home = join(cli.home, 'policy');
    await mkdir(home, { mode: 0o700 });
    const policy = join(home, 'policy.json');
    await writeFile(policy, '{}');
    const args = [
      'kontrol',
      'start',
      '--port',
      '0',
      '--json',
      '--policy',
      policy,
      '--audit-log',
      'audit.log',
    ];
    const running = cli.start(args, { env: { KITE_HOME: home }, cwd: home });
    onTestFinished(async () => {
      running.child.kill('SIGTERM');
      await running.outcome;
    });
    await running.until(printed);
    const { url } = JSON.parse(running.stdout) as { url: string };
    const register = async (username: string): Promise<Kite> => {
      const invite = await cli.run(['kontrol', 'invite', username], { env: { KITE_HOME: home } });
      const to = ['register', '--to', url, '--username', username, '--invite-file', '-'];
      const own = join(home, username);
      await cli.run(to, { env: { KITE_HOME: own }, input: invite.stdout });
      const kite = new Kite('math', '1.0.0', {
        kiteKey: (await readFile(join(own, 'kite.key'), 'utf8')).trim(),
        kontrolUrl: url,
        env: {},
        logger: silentLogger,
      });
      onTestFinished(() => kite.close({ drainTimeout: 0 }));
      return kite;
    };
    const [bob, alice] = [await register('bob'), await register('alice')];
    await bob.listen();
    await bob.registerForever();
    const query = { username: 'bob', environment: 'unknown', name: 'math' };
    const events: string[] = [];
    const watch = await alice.watchKites(query, ({ action }) => events.push(action));
    onTestFinished(() => watch.cancel());
    expect(await alice.getKites(query)).toEqual([]);
    await rename(join(home, 'audit.log'), join(home, 'audit.1'));
    await writeFile(policy, JSON.stringify({ base: 'open' }));
    running.child.kill('SIGHUP');
    await running.until(({ stderr }) =>
      /SIGHUP: reloaded .*policy\.json, the audit log audit\.log/.test(stderr),
    );
    const [found] = await alice.getKites(query);
    expect(found).toMatchObject({ url: bob.url });
    // The watch of the connection from before sees what the new policy allows.
    const other = await register('bob');
    await other.listen();
    await other.register();
    await vi.waitFor(() => expect(events).toEqual(['REGISTER']), { timeout: 20_000 });
    expect(await readFile(join(home, 'audit.log'), 'utf8')).toContain('"action":"register"');
    await writeFile(policy, '{"allow": 4}');
    running.child.kill('SIGHUP');
    await running.until(({ stderr }) => stderr.includes('"allow" must be a list of rules'));
    expect(running.stderr).toContain('policy.json cannot be used; the previous one stays in use');
    expect(await alice.getKites(query)).toHaveLength(2);
  });

  it('a server switches debug messages on and off on SIGUSR2, and SIGHUP ends them', async () => {
    const running = await start('serve --exec');
    for (const level of ['debug', 'info', 'debug']) {
      running.stderr = '';
      running.child.kill('SIGUSR2');
      await running.until(({ stderr }) => stderr.includes(`log level: ${level}`));
    }
    running.child.kill('SIGHUP');
    await running.until(({ stderr }) => stderr.includes('SIGHUP: reloaded'));
    running.stderr = '';
    running.child.kill('SIGUSR2');
    await running.until(({ stderr }) => stderr.includes('log level: debug'));
    running.child.kill('SIGTERM');
    expect(await running.outcome).toMatchObject({ code: 0 });
  });
});
