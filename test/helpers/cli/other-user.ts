import { spawn } from 'node:child_process';
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

/** Starts a listener as `uid` at an IPv4 address of this machine. Requires root. */
export async function listenAs(uid: number, address = '127.0.0.1'): Promise<OtherListener> {
  const script = await readFile(`${root}test/helpers/cli/recording-listener.cjs`, 'utf8');
  const child = spawn(process.execPath, ['-e', script], {
    uid,
    gid: uid,
    cwd: tmpdir(),
    env: { PATH: process.env['PATH'], LISTEN_AT: address },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const running = new Running(child);
  await running.until(({ stdout }) => stdout.includes('\n'));
  const items = (): string[] =>
    running.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => String(JSON.parse(line)));
  const url = `http://${address}:${items()[0]}/kite`;
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
    async close() {
      child.stdin.end();
      await running.outcome;
    },
  };
}
