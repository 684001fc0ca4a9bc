import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, truncateSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { Kite } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { bin, cleanEnv, Cli } from '../../helpers/cli/cli-harness.js';

let cli: Cli;
let kite: Kite;
let to: string[];
const ended: string[] = [];
let called = 0;

/** All bytes, none of which a terminal may get as it is. */
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte);

const REPORT_PEAK = join(import.meta.dirname, '../../helpers/cli/report-peak.cjs');

/** Maximum of the resident memory of a command, in MiB, which is less than it would take with the whole file in memory. */
const MEMORY = 150;

beforeAll(async () => {
  cli = await Cli.create();
  kite = new Kite('files', '1.0.0', { port: 0, kiteKey: false, env: {}, logger: silentLogger });
  const open = (name: string, handler: (...args: never[]) => unknown): void =>
    void kite
      .handle(name, ({ args, signal }) => {
        called++;
        return (handler as (...values: unknown[]) => unknown)(...args, signal);
      })
      .disableAuthentication();
  open('type', (value: unknown) => Object.prototype.toString.call(value));
  open('reverse', (bytes: Uint8Array) => bytes.toReversed());
  open('echo', (...args: unknown[]) => args.slice(0, -1));
  open('digest', async (name: string, chunks: AsyncIterable<Uint8Array>) => {
    const hash = createHash('sha256');
    let size = 0;
    let largest = 0;
    for await (const chunk of chunks) {
      hash.update(chunk);
      size += chunk.length;
      largest = Math.max(largest, chunk.length);
    }
    return { name, size, largest, sha256: hash.digest('hex') };
  });
  open('head', async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) return new TextDecoder().decode(chunk);
    return 'nothing';
  });
  open('both', async ({ a, b }: Record<'a' | 'b', AsyncIterable<Uint8Array>>) => {
    const text = async (chunks: AsyncIterable<Uint8Array>): Promise<string> => {
      let all = '';
      for await (const chunk of chunks) all += new TextDecoder().decode(chunk);
      return all;
    };
    return [await text(a), await text(b)];
  });
  open('download', async function* (size: number) {
    try {
      for (let at = 0; at < size; at += 65_536) yield new Uint8Array(Math.min(65_536, size - at)).fill(at);
    } finally {
      ended.push('download');
    }
  });
  open('count', async function* (last: number) {
    try {
      for (let number = 1; number <= last; number++) yield { number };
      if (last < 0) throw new Error('count takes a number from 0');
      return new Map([['last', last]]);
    } finally {
      ended.push('count');
    }
  });
  open('ticks', async function* (signal: AbortSignal) {
    try {
      yield 'tick';
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    } finally {
      ended.push('ticks');
    }
  });
  open('every', async function* () {
    yield EVERY_BYTE;
    yield EVERY_BYTE;
  });
  open('quiet', async (signal: AbortSignal) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    ended.push('quiet');
  });
  open('hold', async (chunks: AsyncIterable<unknown>, signal: AbortSignal) => {
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    try {
      for await (const chunk of chunks) if (chunk) await aborted;
    } finally {
      ended.push('hold');
    }
  });
  await kite.listen();
  to = ['--to', kite.url ?? ''];
});

afterAll(async () => {
  await kite.close({ drainTimeout: 0 });
  await cli.remove();
});

function file(name: string, content: string | Uint8Array): string {
  const path = join(cli.home, name);
  writeFileSync(path, content);
  return path;
}

describe('arguments that are bytes', () => {
  it('call sends @bytes:PATH and @bytes:- as bytes, and writes bytes as they are with --raw', async () => {
    file('all', EVERY_BYTE);
    const commands = [
      `kitectl call reverse @bytes:all --raw --to ${kite.url} > out`,
      `kitectl call reverse @bytes:- --raw --to ${kite.url} < all > out`,
      `cat all | kitectl call reverse @bytes:- --raw --json --to ${kite.url} > out`,
    ];
    for (const command of commands) {
      const { code, stderr } = await cli.shell(command, { cwd: cli.home });
      expect([code, stderr]).toEqual([0, '']);
      expect([...readFileSync(join(cli.home, 'out'))]).toEqual([...EVERY_BYTE].toReversed());
      writeFileSync(join(cli.home, 'out'), '');
    }
    const { stdout } = await cli.run(['call', 'type', '-F', `a=@bytes:${join(cli.home, 'all')}`, ...to]);
    expect(stdout).toBe('"[object Object]"\n');
    expect((await cli.run(['call', 'type', `@bytes:${join(cli.home, 'all')}`, ...to])).stdout).toBe(
      '"[object Uint8Array]"\n',
    );
  });

  it('call prints bytes in base64 without --raw, in every format', async () => {
    const path = file('three', Uint8Array.of(27, 255, 0));
    const rows: [string[], string][] = [
      [[], '"AP8b"\n'],
      [['-o', 'json'], '"AP8b"\n'],
      [['-o', 'ndjson'], '"AP8b"\n'],
      [['-o', 'yaml'], 'AP8b\n'],
      [['-o', 'table'], 'AP8b\n'],
      [['-o', 'wide'], 'AP8b\n'],
      [['-o', 'name'], 'AP8b\n'],
    ];
    for (const [flags, expected] of rows)
      expect((await cli.run(['call', 'reverse', `@bytes:${path}`, ...flags, ...to])).stdout).toBe(expected);
    console.log(`bytes: ${rows.length} formats`);
  });

  it('call writes no control characters of bytes to a terminal', async () => {
    file('all', EVERY_BYTE);
    for (const args of [
      ['reverse', '@bytes:all', '--raw'],
      ['reverse', '@bytes:all'],
      ['every', '--raw'],
      ['every'],
    ]) {
      const { code, stdout } = await cli.terminal(['call', ...args, ...to], 80, { cwd: cli.home });
      expect(code).toBe(0);
      // The lines of the terminal itself end in a line feed.
      expect(stdout.replaceAll(/[\n\t]/g, '')).not.toMatch(/\p{Cc}/u);
    }
  });

  it('call names a file that it cannot send before it makes the call, and what to do instead', async () => {
    const before = called;
    mkdirSync(join(cli.home, 'folder'));
    truncateSync(file('large', ''), 16 * 1024 * 1024 + 1);
    const rows: [string[], number, string, string][] = [
      [['@bytes:none'], 3, 'Cannot read @bytes:none: no such file or folder', 'use @@bytes:none'],
      [['@stream:none'], 3, 'Cannot read @stream:none: no such file', 'use @@stream:none'],
      [['@bytes:folder'], 3, 'Cannot read @bytes:folder: it is a folder', 'use @@bytes:folder'],
      [['@stream:folder'], 3, 'Cannot read @stream:folder: it is a folder', 'use @@stream:folder'],
      [['@bytes:'], 2, '@bytes: has no path.', '@bytes:- for standard input.'],
      [['@stream:'], 2, '@stream: has no path.', '@stream:- for standard input.'],
      [['@bytes:large'], 2, 'large is longer than 16777216 bytes', 'use @stream:large'],
      [['-', '@stream:-'], 2, 'Standard input can be read only once', 'use --string'],
      [['@stream:-', '@bytes:-'], 2, 'Standard input can be read only once', 'use --string'],
      [['-F', 'a=@stream:-', '-F', 'b=@bytes:-'], 2, 'Standard input can be read only once', 'use --string'],
    ];
    for (const [args, exitCode, message, hint] of rows) {
      const { code, stdout, stderr } = await cli.run(['call', 'echo', ...args, ...to], {
        cwd: cli.home,
        input: '',
      });
      expect([args, code, stdout]).toEqual([args, exitCode, '']);
      expect(stderr).toContain(message);
      expect(stderr).toContain(hint);
    }
    console.log(`files that cannot be sent: ${rows.length}`);
    expect(called).toBe(before);
  });
});

/** The files that a process has open. */
function openFiles(pid: number | undefined): string {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder)
    .map((fd) => {
      try {
        return readlinkSync(join(folder, fd));
      } catch {
        return '';
      }
    })
    .join(' ');
}

describe('arguments that are streams', () => {
  it('call explains what it can send to a kite that speaks neither bytes nor streams', async () => {
    const path = file('a', 'A');
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const pong = '{"method":0,"arguments":[{"error":null,"result":"pong"}],"callbacks":{}}';
    server.on('connection', (socket) => socket.on('message', () => socket.send(pong)));
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/kite`;
    for (const [word, kind] of [
      [`@bytes:${path}`, 'a Uint8Array'],
      [`@stream:${path}`, 'a stream'],
    ] as const) {
      const { code, stdout, stderr } = await cli.run([
        'call',
        'upload',
        word,
        '--transport',
        'raw',
        '--to',
        url,
      ]);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain(`args[0]: ${kind} cannot be sent to this peer`);
      expect(stderr).toContain('send a text file with @text:PATH');
    }
    server.close();
  });

  it('call sends @stream:PATH and @stream:- as a stream of bytes', async () => {
    const content = Buffer.alloc(300_000, 'line of text\n');
    const path = file('app.log', content);
    const expected = { size: content.length, sha256: createHash('sha256').update(content).digest('hex') };
    const fromFile = await cli.run(['call', 'digest', 'a', `@stream:${path}`, ...to]);
    expect(JSON.parse(fromFile.stdout)).toMatchObject({ name: 'a', ...expected });
    for (const input of [`< ${path}`, `< <(cat ${path})`]) {
      const line = `kitectl call digest a @stream:- --to ${kite.url} ${input}`;
      expect(JSON.parse((await cli.shell(line)).stdout)).toMatchObject(expected);
    }
    const named = `kitectl call digest a @stream:<(cat ${path}) --to ${kite.url}`;
    expect(JSON.parse((await cli.shell(named)).stdout)).toMatchObject(expected);
  });

  it('call reads a named pipe, and SIGINT ends it while no program writes into the pipe', async () => {
    await cli.shell('mkfifo pipe', { cwd: cli.home });
    for (const word of ['@stream:pipe', '@text:pipe', '@bytes:pipe']) {
      const waiting = cli.start(['call', 'digest', 'a', word, ...to], { cwd: cli.home });
      await expect.poll(() => openFiles(waiting.child.pid), { timeout: 20_000 }).toContain('/pipe');
      waiting.child.kill('SIGINT');
      expect([word, (await waiting.outcome).code]).toEqual([word, 130]);
    }
    const line = `(echo one; echo two) > pipe & kitectl call digest a @stream:pipe --to ${kite.url}`;
    expect(JSON.parse((await cli.shell(line, { cwd: cli.home })).stdout)).toMatchObject({ size: 8 });
    const empty = `kitectl call digest a @stream:<(true) --to ${kite.url}`;
    expect(JSON.parse((await cli.shell(empty)).stdout)).toMatchObject({ size: 0 });
  });

  it('call sends streams in objects, an empty one, and a function beside one', async () => {
    const [a, b] = [file('a', 'A'), file('b', '')];
    const both = await cli.run(['call', 'both', '-F', `a=@stream:${a}`, '-F', `b=@stream:${b}`, ...to]);
    expect(both.stdout).toBe('["A",""]\n');
    const { stdout } = await cli.run(['call', 'head', `@stream:${a}`, '--callback', ...to]);
    expect(stdout).toBe('"A"\n');
  });

  it('call ends when the kite reads no more of a standard input that stays open', async () => {
    const running = cli.start(['call', 'head', '@stream:-', ...to]);
    running.child.stdin?.write('first');
    expect(await running.outcome).toMatchObject({ code: 0, stdout: '"first"\n' });
  });

  it('call sends a large file in bounded memory, and receives one', async () => {
    const size = 200 * 1024 * 1024;
    const path = file('huge', '');
    truncateSync(path, size);
    const peak = join(cli.home, 'peak');
    const env = { PEAK_FILE: peak, NODE_OPTIONS: `--require ${REPORT_PEAK}` };
    const rows: [string, string | number][] = [
      [`digest huge @stream:${path}`, size],
      [`digest huge @stream:- < ${path}`, size],
      [`download ${size} --raw | wc -c`, size],
    ];
    for (const [line, expected] of rows) {
      const [words, ...rest] = line.split(/ (?=[<|])/);
      const { stdout } = await cli.shell(`kitectl call ${words} --to ${kite.url} ${rest.join(' ')}`, { env });
      const size = stdout.startsWith('{') ? (JSON.parse(stdout) as { size: number }).size : Number(stdout);
      expect(size).toBe(expected);
      const memory = Number(readFileSync(peak, 'utf8')) / 1024;
      console.log(`${words}: ${Math.round(memory)} MiB`);
      expect(memory).toBeLessThan(MEMORY);
    }
  }, 300_000);
});

describe('results that are streams of bytes', () => {
  it('call --raw writes the bytes of a stream as they come, and nothing between them', async () => {
    const { stdout } = await cli.shell(
      `kitectl call every --raw --to ${kite.url} > every; od -An -v -tu1 every`,
      {
        cwd: cli.home,
      },
    );
    expect(stdout.trim().split(/\s+/).map(Number)).toEqual([...EVERY_BYTE, ...EVERY_BYTE]);
    expect((await cli.run(['call', 'download', '3', ...to])).stdout).toBe('"AAAA"\n');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'call cancels at the kite on %s, also before the first item',
    async (signal) => {
      const running = cli.start(['call', 'quiet', ...to]);
      const before = ended.length;
      const calls = called;
      await vi.waitFor(() => expect(called).toBe(calls + 1), { timeout: 20_000 });
      running.child.kill(signal);
      expect(await running.outcome).toMatchObject({ code: signal === 'SIGINT' ? 130 : 143, stdout: '' });
      await vi.waitFor(() => expect(ended.length).toBe(before + 1));
    },
  );

  it('call with a stream as an argument cancels at the kite on SIGINT', async () => {
    const running = cli.start(['call', 'hold', '@stream:-', ...to]);
    running.child.stdin?.write('x');
    const before = ended.length;
    const calls = called;
    await vi.waitFor(() => expect(called).toBe(calls + 1), { timeout: 20_000 });
    running.child.kill('SIGINT');
    expect((await running.outcome).code).toBe(130);
    await vi.waitFor(() => expect(ended.length).toBe(before + 1));
  });

  it('call whose output is not read exits at the second SIGINT at the latest, and cancels at the kite', async () => {
    const before = ended.length;
    const child = spawn(process.execPath, [bin, 'call', 'download', '1000000000000', '--raw', ...to], {
      env: cleanEnv(cli.home),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exited = once(child, 'exit');
    await once(child.stdout, 'readable');
    child.kill('SIGINT');
    const timer = setInterval(() => child.kill('SIGINT'), 200);
    expect((await exited)[0]).toBe(130);
    clearInterval(timer);
    child.stdout.destroy();
    await vi.waitFor(() => expect(ended.length).toBe(before + 1));
  });

  it('call cancels a stream of bytes at the kite when its output is closed', async () => {
    const before = ended.length;
    const line = `kitectl call download 1000000000000 --raw --to ${kite.url} | head -c 100000 | wc -c`;
    expect((await cli.shell(line)).stdout.trim()).toBe('100000');
    await vi.waitFor(() => expect(ended.length).toBe(before + 1));
  });
});

describe('call --stdin of a method that streams', () => {
  it('call --stdin prints the items of each line in the order of the input, one per line', async () => {
    for (const parallel of ['1', '3']) {
      const { code, stdout, stderr } = await cli.run(
        ['call', 'count', '--stdin', '--parallel', parallel, ...to],
        {
          input: '3\n0\n2\n',
        },
      );
      expect([code, stdout, stderr]).toEqual([
        0,
        '{"number":1}\n{"number":2}\n{"number":3}\n{"number":1}\n{"number":2}\n',
        '',
      ]);
    }
  });

  it('call --stdin --envelope marks items, and the end of each stream', async () => {
    const flags = ['--stdin', '--envelope', '--keep-going'];
    const { code, stdout } = await cli.run(['call', 'count', ...flags, ...to], { input: '2\n-1\n0\n' });
    expect(code).toBe(1);
    const lines = stdout.split('\n');
    expect(lines.slice(0, 3)).toEqual([
      '{"item":{"number":1}}',
      '{"item":{"number":2}}',
      '{"ok":{"last":2}}',
    ]);
    expect(JSON.parse(lines[3] ?? '')).toMatchObject({
      line: 2,
      error: { message: 'count takes a number from 0' },
    });
    expect(lines.slice(4)).toEqual(['{"ok":{"last":0}}', '']);
    const unordered = await cli.run(['call', 'count', ...flags, '--unordered', '--parallel', '9', ...to], {
      input: '1\n1\n',
    });
    const expected = [1, 2].flatMap((line) => [
      `{"item":{"number":1},"line":${line}}`,
      `{"ok":{"last":1},"line":${line}}`,
    ]);
    expect(unordered.stdout.trim().split('\n').toSorted()).toEqual(expected.toSorted());
  });

  it('call --stdin prints bytes in base64, also with --raw, and other values in their form', async () => {
    const input = '3\n65537\n';
    const { stdout } = await cli.run(['call', 'download', '--stdin', '--raw', ...to], { input });
    expect(stdout.split('\n').map((line) => Buffer.from(line, 'base64').length)).toEqual([3, 65_536, 1, 0]);
  });

  it('call --stdin cancels its streams at the kite when its output is closed', async () => {
    const before = ended.length;
    const line = `seq 1000000 1000003 | kitectl call count --stdin --parallel 4 --to ${kite.url} | head -n 2`;
    expect((await cli.shell(line)).stdout).toBe('{"number":1}\n{"number":2}\n');
    await vi.waitFor(() => expect(ended.length).toBe(before + 4));
  });
});

describe('kitectl shell with bytes and streams', () => {
  it('shell prints the items of a stream, and sends files as bytes and as streams', async () => {
    file('three', Uint8Array.of(27, 255, 0));
    const input = [
      'reverse @bytes:three',
      'head @stream:three',
      'echo @@bytes:three @path @@callback @@bob -',
      'download 3',
      'head @stream:none',
      'head @stream:-',
      'type @bytes:three',
    ].join('\n');
    const { code, stdout, stderr } = await cli.run(['shell', ...to], { input, cwd: cli.home });
    expect(stdout).toBe(
      '"AP8b"\n"\\u001b\ufffd\\u0000"\n["@bytes:three","@path","@callback","@bob","-"]\n"AAAA"\n"[object Uint8Array]"\n',
    );
    expect(stderr).toContain('Cannot read @stream:none: no such file or folder');
    expect(stderr).toMatch(/use @@stream:none$/m);
    expect(stderr).toContain('@stream:- cannot be used in the shell');
    expect(code).toBe(2);
  });

  it('shell stops a stream on Ctrl-C, and prompts again', async () => {
    const before = ended.length;
    const running = cli.startTerminal(['shell', '--no-history', ...to], 80);
    await running.type('> ', 'ticks\r');
    await running.type('"tick"', '\u0003');
    await running.type('was canceled', 'type 4\r');
    await vi.waitFor(() => expect(ended.length).toBe(before + 1));
    await running.type('"[object Number]"', '.exit\r');
    expect((await running.outcome).code).toBe(130);
  });
});

describe('kitectl serve with bytes and streams', () => {
  it('serve sends the output of a command as bytes with --result bytes, and refuses streams for commands', async () => {
    const line = 'serve --json --port 0 --name bytes --no-auth --method cat --exec'.split(' ');
    const serving = cli.start([...line, "cat > /dev/null; printf '\\033\\377\\000'", '--result', 'bytes']);
    await serving.until(({ stdout }) => stdout.endsWith('\n'));
    const { url } = JSON.parse(serving.stdout) as { url: string };
    const raw = await cli.shell(`kitectl call cat --raw --to ${url} | od -An -tu1`);
    expect(raw.stdout.trim().split(/\s+/)).toEqual(['27', '255', '0']);
    expect((await cli.run(['call', 'cat', '--to', url])).stdout).toBe('"G/8A"\n');
    const refused = await cli.run(['call', 'cat', '-F', `a=@stream:${file('a', 'A')}`, '--to', url]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('cat: a command cannot read a stream');
    serving.child.kill('SIGTERM');
    await serving.outcome;
  });
});
