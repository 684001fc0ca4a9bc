import { SIGNALS } from '../../helpers/process/signals.js';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { writeKiteKeyFile } from '../../../src/lib/keys/index.js';
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
  'serve --instances': {
    args: () => ['serve', 'kite.mjs', '--json', '--no-auth', '--instances', '2'],
    started: ({ stdout }) => stdout.split('\n').length === 3,
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
  wait: { args: () => ['wait', '/bob/prod/math', '--for', 'gone'], started: watching },
  call: { args: () => ['call', 'wait', '--to', math.url], started: waiting },
  'call --all': { args: () => ['call', 'wait', '--to', '/bob/prod/math', '--all'], started: waiting },
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

  it.each(['serve --exec', 'serve --instances', 'kontrol start', 'proxy start'])(
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
    // The listener of the first signal has run once the kite is not ready any more.
    const { port } = new URL((JSON.parse(running.stdout) as { url: string }).url);
    const status = async (): Promise<number> => (await fetch(`http://127.0.0.1:${port}/readyz`)).status;
    await vi.waitFor(async () => expect(await status()).toBe(503), { timeout: 20_000 });
    running.child.kill(signal);
    expect(await running.outcome).toMatchObject({ code: SIGNALS[signal] });
    await vi.waitFor(() => expect(children.map(runs)).toEqual([false, false]), { timeout: 20_000 });
  },
);
