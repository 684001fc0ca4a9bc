import { isStopped } from '../../helpers/process/process-state.js';
import { SIGNALS } from '../../helpers/process/signals.js';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { readManifest } from '../../../src/lib/cli/completion/command-manifest.js';
import { writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import {
  CONNECTION_COMMANDS,
  KEY_COMMANDS,
  KONTROL_COMMANDS,
  SERVER_COMMANDS,
} from '../../../src/lib/cli/settings/command-groups.js';
import { bin, cleanEnv, root, Running } from '../../helpers/cli/cli-harness.js';
import { Network } from '../../helpers/cli/cli-network.js';

// Every command that waits for a network: for a peer that never answers, or as a server.

let network: Network;
let silent: Server;
let silentUrl: string;
const accepted = new Set<Socket>();

/** Arguments that a command requires. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  bench: ['square'],
  call: ['square'],
  'kontrol invite': ['carol'],
  'kontrol keys revoke': ['an-id', '--yes'],
  'kontrol users revoke': ['bob', '--yes'],
  'kontrol users show': ['bob'],
  register: ['--username', 'carol', '--invite-file', '-', '--force'],
  tell: ['--method', 'square'],
  token: ['/bob/prod/math'],
  wait: ['/bob/prod/math'],
};

/** Arguments of the servers. */
const SERVERS: Readonly<Record<(typeof SERVER_COMMANDS)[number], () => readonly string[]>> = {
  expose: () => [silentUrl, '--name', 'exposed', '--to', silentUrl],
  'kontrol start': () => ['--port', '0', '--json', '--storage', 'memory'],
  'proxy start': () => ['--port', '0', '--json', '--kontrol', network.kontrol.url],
  serve: () => ['--name', 'a', '--no-auth', '--json', '--method', 'one', '--exec', 'echo 1'],
};

/** The commands that connect to no kite. */
const OTHERS: ReadonlySet<string> = new Set([
  ...KEY_COMMANDS,
  'complete',
  'completion',
  'config explain',
  'context -',
  'context add',
  'context list',
  'context previous',
  'context remove',
  'context show',
  'context use',
  'keygen',
  'kontrol export',
  'kontrol import',
  'kontrol keys reseal',
  'list',
  'uninstall',
  // It runs npm, or another program that handles signals itself; test/acceptance/cli/signals.test.ts covers run.
  'install',
  'run',
]);

interface Waiting {
  readonly name: string;
  readonly args: () => readonly string[];
  readonly server?: true;
}

const waiting: readonly Waiting[] = [
  ...CONNECTION_COMMANDS.map((name) => ({ name, flag: '--to' })),
  ...KONTROL_COMMANDS.map((name) => ({ name, flag: '--kontrol' })),
  { name: 'register', flag: '--to' },
].map(({ name, flag }) => ({
  name,
  args: () => [...name.split(' '), ...(ARGUMENTS[name] ?? []), flag, silentUrl, '--timeout', '0'],
}));
const commands: readonly Waiting[] = [
  ...waiting,
  ...SERVER_COMMANDS.map((name) => ({
    name,
    args: () => [...name.split(' '), ...SERVERS[name]()],
    ...(name === 'expose' ? {} : { server: true as const }),
  })),
];

beforeAll(async () => {
  network = await Network.create();
  const { cli } = network;
  await writeKiteKeyFile(await network.keyOf('kontrol'), { home: join(cli.home, '.kite', 'kontrol') });
  silent = createServer((socket) => {
    accepted.add(socket.on('error', () => {}).on('close', () => accepted.delete(socket)));
  });
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  silentUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/kite`;
});

afterAll(async () => {
  silent.close();
  await network.close();
});

/**
 * Runs a command in a process group of its own, as a shell with job control does: the kernel ignores SIGTSTP in the groups that
 * `spawn` makes, because their parent is in another session. Bash itself may miss the end of a job that was stopped.
 */
const JOB = `my $pid = fork // die;
if (!$pid) { setpgrp(0, 0); exec { $ARGV[0] } @ARGV; exit 127 }
print STDERR "pid $pid\\n";
waitpid($pid, 0);
exit($? & 127 ? 128 + ($? & 127) : $? >> 8)`;

/** Starts a command as a job. Resolves with its process id when it waits. */
async function start({ args, server }: Waiting): Promise<{ pid: number; running: Running }> {
  const { home } = network.cli;
  const connected = server ? undefined : once(silent, 'connection');
  // A kite on this machine, which is not asked whose it is.
  const env = cleanEnv(home, { KITE_HANDSHAKE_TIMEOUT: '10m', KITE_KONTROL_AUTH: 'kite-key' });
  const child = spawn('perl', ['-e', JOB, process.execPath, bin, ...args()], { cwd: home, env });
  child.stdin.end('invite');
  const running = new Running(child);
  await running.until(({ stderr }) => /pid \d+\n/.test(stderr));
  const pid = Number(/pid (\d+)\n/.exec(running.stderr)?.[1]);
  onTestFinished(async () => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
    await running.outcome;
    for (const socket of accepted) socket.destroy();
  });
  await (connected ?? running.until(({ stdout }) => stdout.includes('\n')));
  return { pid, running };
}

const endings = commands.flatMap((command) =>
  (Object.keys(SIGNALS) as (keyof typeof SIGNALS)[])
    // A server without a terminal reloads.
    .filter((signal) => !command.server || signal !== 'SIGHUP')
    .map((signal) => ({ ...command, signal })),
);

describe('commands that wait for a network', () => {
  it.each(endings)('$name ends on $signal while it waits', async (command) => {
    const { pid, running } = await start(command);
    process.kill(pid, command.signal);
    expect(await running.outcome).toMatchObject({ code: command.server ? 0 : SIGNALS[command.signal] });
  });

  it.each(commands)('$name survives SIGTSTP and SIGSTOP, each with SIGCONT', async (command) => {
    const { pid, running } = await start(command);
    for (const signal of ['SIGTSTP', 'SIGSTOP'] as const) {
      process.kill(pid, signal);
      await vi.waitFor(() => expect(isStopped(pid)).toBe(true), 20_000);
      process.kill(pid, 'SIGCONT');
      await vi.waitFor(() => expect(isStopped(pid)).toBe(false), 20_000);
    }
    process.kill(pid, 'SIGTERM');
    expect(await running.outcome).toMatchObject({ code: command.server ? 0 : SIGNALS.SIGTERM });
  });

  it('the walk over commands that wait for a network covers every command', async () => {
    const covered = new Set([...commands.map(({ name }) => name), ...OTHERS]);
    const missing = readManifest(root).commands.filter(({ id }) => !covered.has(id));
    expect(missing).toEqual([]);
    const cases = endings.length + 2 * commands.length;
    console.log(`waiting: ${commands.length} commands, ${cases} cases`);
    expect(cases).toBeGreaterThanOrEqual(150);
  });
});
