import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { Cli, type Running } from '../../helpers/cli/cli-harness.js';

let cli: Cli;
let kite: Kite;
let to: string[];
const ended: string[] = [];

beforeAll(async () => {
  cli = await Cli.create();
  kite = new Kite('logs', '1.0.0', { port: 0, kiteKey: false, env: {}, logger: silentLogger });
  const open = (name: string, stream: (signal: AbortSignal, to: number) => AsyncGenerator): void => {
    kite
      .handle<[number]>(name, async function* ({ args: [last], signal }) {
        try {
          yield* stream(signal, last);
          return 'end';
        } finally {
          ended.push(name);
        }
      })
      .disableAuthentication();
  };
  open('count', async function* (_signal, last) {
    for (let number = 1; number <= last; number++) yield { number };
  });
  open('words', async function* () {
    yield 'one';
    yield 'two words';
  });
  open('quiet', async function* (signal) {
    yield 'ready';
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  });
  open('broken', async function* () {
    yield 1;
    throw new Error('the disk is full');
  });
  await kite.listen();
  to = ['--to', kite.url ?? ''];
});

afterAll(async () => {
  await kite.close({ drainTimeout: 0 });
  await cli.remove();
});

describe('call of a method that streams', () => {
  it('call prints each item of a stream on a line, and not the return value', async () => {
    const { code, stdout, stderr } = await cli.run(['call', 'count', '3', ...to]);
    expect([code, stdout, stderr]).toEqual([0, '{"number":1}\n{"number":2}\n{"number":3}\n', '']);
    expect((await cli.run(['call', 'words', ...to])).stdout).toBe('"one"\n"two words"\n');
    expect((await cli.run(['call', 'words', '--raw', ...to])).stdout).toBe('one\ntwo words\n');
    expect((await cli.run(['call', 'count', '0', ...to])).stdout).toBe('');
  });

  it('call does not print a stream as a table, and ends it', async () => {
    const before = ended.length;
    const { code, stdout, stderr } = await cli.run(['call', 'count', '1000000', '-o', 'table', ...to]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('-o table and a method that streams cannot be used together');
    await vi.waitFor(() => expect(ended.length).toBe(before + 1));
  });

  it('call ends a stream at the kite on SIGINT, and when its output is closed', async () => {
    const before = ended.length;
    const running = cli.start(['call', 'quiet', ...to]);
    await running.until(({ stdout }) => stdout === '"ready"\n');
    running.child.kill('SIGINT');
    await running.outcome;
    await vi.waitFor(() => expect(ended.length).toBe(before + 1));
    const { stdout } = await cli.shell(`kitectl call count 100000000 --to ${kite.url} | head -n 2`);
    expect(stdout).toBe('{"number":1}\n{"number":2}\n');
    await vi.waitFor(() => expect(ended.length).toBe(before + 2));
  });

  it('the timeout that the user sets ends a stream that has begun', async () => {
    const before = ended.length;
    const { code, stdout, stderr } = await cli.run(['call', 'quiet', '--timeout', '2s', ...to]);
    expect([code, stdout]).toEqual([124, '"ready"\n']);
    // The kite may be the first to notice.
    expect(stderr).toMatch(
      /The stream of "quiet" has not ended within 2s|The deadline of the caller has passed/,
    );
    await vi.waitFor(() => expect(ended.length).toBe(before + 1));
  });

  it('call reports the error of a stream after its items', async () => {
    const { code, stdout, stderr } = await cli.run(['call', 'broken', ...to]);
    expect([code, stdout]).toEqual([1, '1\n']);
    expect(stderr).toContain('the disk is full');
  });
});

const SERVE =
  'serve --json --port 0 --name lines --no-auth --timeout 0 --method lines --result lines --exec'.split(' ');

describe('serve --exec --result lines', () => {
  async function serve(command: string): Promise<{ url: string; running: Running }> {
    const running = cli.start([...SERVE, command]);
    await running.until(({ stdout }) => stdout.endsWith('\n'));
    return { running, url: (JSON.parse(running.stdout) as { url: string }).url };
  }

  async function stop(running: Running): Promise<void> {
    running.child.kill('SIGTERM');
    await running.outcome;
  }

  it('serve streams the lines of a command while it runs, and kills it when the caller leaves', async () => {
    const left = join(cli.home, 'left');
    const { url, running } = await serve(
      `trap 'touch ${left}' EXIT; trap 'exit 1' TERM; echo one; echo two; sleep 1000 & wait`,
    );
    const caller = cli.start(['call', 'lines', '--raw', '--to', url]);
    await caller.until(({ stdout }) => stdout === 'one\ntwo\n');
    caller.child.kill('SIGINT');
    await caller.outcome;
    await vi.waitFor(() => expect(existsSync(left)).toBe(true), { timeout: 10_000 });
    await stop(running);
    expect(running.stderr).not.toContain('failed for');
  });

  it('serve streams the end of a file that grows, as a kite that is named after its method', async () => {
    const log = join(cli.home, 'app.log');
    writeFileSync(log, 'one\n');
    const flags = ['--method', 'tail', '--exec', 'tail -f app.log', '--result', 'lines'];
    const running = cli.start(['serve', ...flags, '--json', '--port', '0', '--no-auth']);
    await running.until(({ stdout }) => stdout.endsWith('\n'));
    const { url, kite: path } = JSON.parse(running.stdout) as { url: string; kite: string };
    expect(path).toContain('/tail/1.0.0/');
    const caller = cli.start(['call', 'tail', '--raw', '--to', url]);
    await caller.until(({ stdout }) => stdout === 'one\n');
    appendFileSync(log, 'two\n');
    await caller.until(({ stdout }) => stdout === 'one\ntwo\n');
    caller.child.kill('SIGINT');
    expect((await caller.outcome).code).toBe(130);
    await stop(running);
  });

  it('serve ends a stream with the error of the command, after its lines', async () => {
    const { url, running } = await serve('echo one; echo "no such thing" >&2; exit 3');
    const { code, stdout, stderr } = await cli.run(['call', 'lines', '--to', url]);
    expect([code, stdout]).toEqual([1, '"one"\n']);
    expect(stderr).toContain('no such thing');
    await stop(running);
    expect(running.stderr).toContain('lines failed for an unauthenticated caller: no such thing');
  });

  it('serve gives callers without streams a list, and a command without output gives an empty one', async () => {
    const { url, running } = await serve('cat > /dev/null; printf "a\\n\\nb"');
    const caller = new Kite('caller', '1.0.0', { kiteKey: false, env: {}, logger: silentLogger });
    const client = caller.newClient(url);
    await client.dial();
    expect(await client.tell('lines')).toEqual(['a', '', 'b']);
    await caller.close();
    await stop(running);
  });

  it('serve stops a command whose lines are not read, and ends it with the stream', async () => {
    const { url, running } = await serve('yes 0123456789 | head -n 2000000');
    const caller = new Kite('caller', '1.0.0', { kiteKey: false, env: {}, logger: silentLogger });
    const client = caller.newClient(url);
    await client.dial();
    const stream = client.stream('lines');
    for (let count = 0; count < 1000; count++) expect((await stream.next()).value).toBe('0123456789');
    stream.cancel();
    await client.tell('kite.ping');
    await caller.close();
    await stop(running);
  });
});
