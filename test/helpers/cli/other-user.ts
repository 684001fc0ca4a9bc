import { type ChildProcessWithoutNullStreams, spawn, type SpawnOptions } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Running, root } from './cli-harness.js';

/** The id of a user that is neither this one nor root. It needs no entry in /etc/passwd. */
export const OTHER_UID = 54_321;

/** A program of another user of this machine that listens at a loopback address and records what it receives. */
export interface OtherListener {
  readonly url: string;
  /** Returns what it has received so far, one item per message, request or upgrade. */
  received(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** A program of another user that stops listening when it has accepted a connection, and keeps the connection. */
export interface LeavingListener extends Pick<OtherListener, 'url' | 'close'> {
  /** Resolves when it has received a call and does not listen any more. */
  left(): Promise<void>;
  /** Lets it respond to the call. */
  respond(): void;
  /** Everything that it has received. */
  received(): string;
}

/** Starts a listener as `uid` at an IPv4 address of this machine. Requires root. */
export async function listenAs(uid: number, address = '127.0.0.1'): Promise<OtherListener> {
  const { url, running, items, close } = await start(uid, { LISTEN_AT: address });
  let marks = 0;
  return {
    url,
    async received() {
      // It reads its sockets in order.
      const mark = `/mark-${++marks}`;
      await fetch(new URL(mark, url));
      await running.until(() => items().some((item) => item.startsWith(`GET ${mark} `)));
      return items().filter((item) => !/^(?:\d+$|GET \/mark-)/.test(item));
    },
    close,
  };
}

/** Starts a listener as `uid` that leaves its address. Requires root. */
export async function listenOnceAs(uid: number): Promise<LeavingListener> {
  const { url, running, child, close } = await start(uid, { LISTEN_AT: '127.0.0.1', LEAVES: '1' });
  return {
    url,
    left: () => running.until(({ stdout }) => stdout.includes('responseCallback')),
    respond: () => void child.stdin.write('\n'),
    received: () => running.stdout,
    close,
  };
}

/** The command line program, at the path at which a program that `spawnAs` has started finds it. */
export const binOfOther = '/mnt/bin/run.js';

/**
 * Starts Node as another user. Requires root. This checkout and Node may be in folders that only root can enter: the program sees
 * the checkout at /mnt, and `setpriv` executes Node with the capabilities of root.
 */
export function spawnAs(
  { uid, groups = [uid] }: { readonly uid: number; readonly groups?: readonly number[] },
  args: readonly string[],
  options: Pick<SpawnOptions, 'cwd' | 'env'>,
): ChildProcessWithoutNullStreams {
  const user = ['--reuid', String(uid), '--regid', String(uid), '--groups', groups.join(',')];
  const script = 'mount --bind "$0" /mnt && exec setpriv "$@"';
  const command = ['--mount', '/bin/sh', '-c', script, root, ...user, process.execPath, ...args];
  return spawn('unshare', command, { ...options, stdio: 'pipe' });
}

async function start(uid: number, env: Readonly<Record<string, string>>) {
  const script = await readFile(`${root}test/helpers/cli/recording-listener.cjs`, 'utf8');
  const child = spawnAs({ uid }, ['-e', script], {
    cwd: tmpdir(),
    env: { PATH: process.env['PATH'], ...env },
  });
  const running = new Running(child);
  await running.until(({ stdout }) => stdout.includes('\n'));
  const items = (): string[] =>
    running.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => String(JSON.parse(line)));
  return {
    url: `http://${env['LISTEN_AT']}:${items()[0]}/kite`,
    running,
    child,
    items,
    close: async (): Promise<void> => {
      child.stdin.end();
      await running.outcome;
    },
  };
}
