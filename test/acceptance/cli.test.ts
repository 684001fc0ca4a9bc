import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cli } from './cli-harness.js';
import { TestKite } from './cli-kite.js';

let cli: Cli;
let remote: TestKite;
let to: string[];
let plainServer: Server;

beforeAll(async () => {
  cli = await Cli.create();
  remote = new TestKite();
  await remote.kite.listen();
  to = ['--to', remote.url];
  plainServer = createServer((_request, response) => response.writeHead(404).end('nothing here'));
  plainServer.listen(0, '127.0.0.1');
  await once(plainServer, 'listening');
});

afterAll(async () => {
  await remote.kite.close();
  plainServer.close();
  await cli.remove();
});

function plainUrl(): string {
  return `http://127.0.0.1:${(plainServer.address() as AddressInfo).port}/kite`;
}

describe('call', () => {
  it('prints the result as one JSON value and nothing else', async () => {
    expect(await cli.run(['call', 'square', '4', ...to])).toEqual({ code: 0, stdout: '16\n', stderr: '' });
  });

  it('takes JSON where it parses, else text, and negative numbers with and without --', async () => {
    const { stdout } = await cli.run([
      'call',
      'echo',
      '{"a":[1,2]}',
      'text',
      'true',
      '4.5',
      '-4',
      ...to,
      '--',
      '-5',
      '--to',
    ]);
    expect(JSON.parse(stdout)).toEqual([{ a: [1, 2] }, 'text', true, 4.5, -4, -5, '--to']);
  });

  it('keeps the order of arguments that occur twice', async () => {
    expect((await cli.run(['call', 'echo', 'a', 'b', 'a', ...to])).stdout).toBe('["a","b","a"]\n');
  });

  it('takes the target from KITE_TO', async () => {
    expect((await cli.run(['call', 'square', '4'], { env: { KITE_TO: remote.url } })).stdout).toBe('16\n');
  });

  it.each(['websocket', 'xhr', 'auto'])('works over %s', async (transport) => {
    expect((await cli.run(['call', 'square', '4', '--transport', transport, ...to])).stdout).toBe('16\n');
  });

  it('works over a raw WebSocket', async () => {
    expect((await cli.run(['call', 'square', '4', '--transport', 'raw', ...to])).stdout).toBe('16\n');
  });

  it('prints null for a method that returns nothing', async () => {
    expect((await cli.run(['call', 'nothing', ...to])).stdout).toBe('null\n');
  });

  it('prints a string raw with --raw, and anything else as JSON all the same', async () => {
    expect((await cli.run(['call', 'text', ...to])).stdout).toBe('"line 1\\nline 2"\n');
    expect((await cli.run(['call', 'text', '--raw', ...to])).stdout).toBe('line 1\nline 2\n');
    expect((await cli.run(['call', 'square', '4', '--raw', ...to])).stdout).toBe('16\n');
  });

  it('prints the calls of its callback as NDJSON before the result', async () => {
    const { stdout } = await cli.run(['call', 'count', '3', '--callback', ...to]);
    expect(stdout).toBe('[1,"tick 1"]\n[2,"tick 2"]\n[3,"tick 3"]\n"done"\n');
  });

  it('puts its callback where an argument says @callback', async () => {
    const { stdout } = await cli.run(['call', 'progress', '{"on":"@callback"}', '--callback', ...to]);
    expect(stdout).toBe('[{"percent":50}]\ntrue\n');
  });

  it('shows on stderr what the remote logs, and lets it call nothing else', async () => {
    const { code, stdout, stderr } = await cli.run(['call', 'talk', ...to]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '"authenticationError"\n' });
    expect(stderr).toContain('a log');
    expect(stderr).toContain('a print\n');
    // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  it('does not wait for a standard input that stays open', async () => {
    // Every other test leaves it open as well; here the claim is the point.
    const running = cli.start(['call', 'square', '3', ...to]);
    expect((await running.outcome).stdout).toBe('9\n');
    running.child.stdin?.end();
  });

  it('closes its connection when it is interrupted', async () => {
    const kite = new TestKite();
    await kite.kite.listen();
    const called = new Promise<void>((resolve) => {
      kite.onWait = resolve;
    });
    const running = cli.start(['call', 'wait', '--to', kite.url]);
    await called;
    running.child.kill('SIGINT');
    expect(await running.outcome).toEqual({ code: 130, stdout: '', stderr: '' });
    await kite.callerGone;
    await kite.kite.close();
  });
});

describe('tell, in the spelling of the Go tool', () => {
  it('takes single-dash flags with and without an equals sign', async () => {
    expect((await cli.run(['tell', `-to=${remote.url}`, '-method=square', '4'])).stdout).toBe('16\n');
    expect(
      (await cli.run(['tell', '-to', remote.url, '-method', 'square', '-timeout', '4', '-4'])).stdout,
    ).toBe('16\n');
  });

  it('wants a method', async () => {
    const { code, stderr } = await cli.run(['tell', ...to, '4']);
    expect(code).toBe(2);
    expect(stderr).toContain('method');
  });
});

describe('call --stdin', () => {
  it('calls once a line over one connection and keeps the order', async () => {
    const kite = new TestKite();
    await kite.kite.listen();
    let connections = 0;
    kite.kite.on('connect', () => connections++);
    const numbers = Array.from({ length: 10_000 }, (_, i) => i);
    const { code, stdout, stderr } = await cli.run(
      ['call', 'square', '--stdin', '--parallel', '64', '--to', kite.url],
      { input: numbers.join('\n') },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(numbers.map((n) => `${n * n}\n`).join(''));
    expect(connections).toBe(1);
    await kite.kite.close();
  });

  it('stops at the first line that fails and names it', async () => {
    const { code, stdout, stderr } = await cli.run(['call', 'square', '--stdin', ...to], {
      input: '1\n"x"\n3\n',
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '1\n' });
    expect(stderr).toContain('line 2 of the standard input');
    expect(stderr).toContain('square takes a number');
  });

  it('ends quietly when nobody reads on', async () => {
    const line = `seq 1 200000 | kitectl call square --stdin --parallel 64 --to ${remote.url} | head -1; echo "\${PIPESTATUS[1]}"`;
    expect(await cli.shell(line)).toEqual({ code: 0, stdout: '1\n0\n', stderr: '' });
  });

  it('takes no arguments beside it', async () => {
    expect(await cli.run(['call', 'square', '4', '--stdin', ...to])).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('ping', () => {
  it('says how long it took', async () => {
    const { code, stdout } = await cli.run(['ping', ...to]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^pong from http:\/\/127\.0\.0\.1:\d+\/kite in \d+\.\d ms\n$/);
  });

  it('prints one object a ping with --json', async () => {
    const { stdout } = await cli.run(['ping', '--json', '--count', '3', ...to]);
    const pongs = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { url: string; milliseconds: number });
    expect(pongs.map(({ url }) => url)).toEqual([remote.url, remote.url, remote.url]);
    expect(pongs.every(({ milliseconds }) => milliseconds > 0)).toBe(true);
  });
});

describe('keygen', () => {
  it('writes a key pair that only its owner can read, and never overwrites it', async () => {
    const out = join(cli.home, 'pair');
    expect(await cli.run(['keygen', '--out', out])).toMatchObject({
      code: 0,
      stdout: `private key  ${out}/key.pem\npublic key   ${out}/key_pub.pem\n`,
    });
    expect((await stat(join(out, 'key.pem'))).mode & 0o777).toBe(0o600);
    const before = await readFile(join(out, 'key.pem'), 'utf8');
    expect(before).toContain('PRIVATE KEY');
    expect(await readFile(join(out, 'key_pub.pem'), 'utf8')).toContain('PUBLIC KEY');

    const again = await cli.run(['keygen', '--out', out]);
    expect(again).toMatchObject({ code: 3, stdout: '' });
    expect(again.stderr).toContain('--force');
    expect(await readFile(join(out, 'key.pem'), 'utf8')).toBe(before);

    expect((await cli.run(['keygen', '--out', out, '--force'])).code).toBe(0);
    expect(await readFile(join(out, 'key.pem'), 'utf8')).not.toBe(before);
  });

  it('prints the paths as JSON', async () => {
    const { stdout } = await cli.run([
      'keygen',
      '--json',
      '--tls',
      '--host',
      'localhost',
      '--host',
      '127.0.0.1',
      '--out',
      'tls',
    ]);
    expect(JSON.parse(stdout)).toEqual({
      privateKey: 'tls/key.pem',
      publicKey: 'tls/key_pub.pem',
      certificate: 'tls/cert.pem',
    });
    expect(await readFile(join(cli.home, 'tls', 'cert.pem'), 'utf8')).toContain('BEGIN CERTIFICATE');
  });

  it('wants --tls for --host', async () => {
    expect((await cli.run(['keygen', '--host', 'localhost', '--out', 'x'])).code).toBe(2);
  });
});

describe('exit codes', () => {
  it('1: the remote method returned an error', async () => {
    const { code, stdout, stderr } = await cli.run(['call', 'fail', ...to]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /calling "fail" at http:\S+ failed: it .*failed.* \(tooBad, code E42, request [0-9a-f]{16}\)/,
    );
    expect(stderr).not.toContain('\u001b');
  });

  it.each([
    ['an unknown command', ['cal', 'square'], 'Did you mean: kitectl call'],
    ['an unknown flag', ['call', 'square', '--tmeout', '4'], 'Did you mean --timeout?'],
    ['no method', ['call'], 'method'],
    ['no target', ['call', 'square', '4'], 'KITE_TO'],
    ['a target that is no URL', ['call', 'square', '--to', 'math'], 'http://localhost:3636/kite'],
    ['a value that is none of the options', ['call', 'square', '--transport', 'pigeon'], 'websocket'],
    [
      'a timeout that is no duration',
      ['ping', '--to', 'http://localhost:1/kite', '--timeout', 'soon'],
      '500ms',
    ],
    ['a topic of help that is not there', ['help', 'exit-code'], 'kitectl exit-codes'],
    ['an argument too many', ['ping', 'x', '--to', 'http://localhost:1/kite'], 'x'],
  ])('2: %s', async (_title, args, hint) => {
    const { code, stdout, stderr } = await cli.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(hint);
  });

  it.each([
    ['no key file', ['showkey'], ''],
    ['a key file that is not there', ['call', 'square', '4', '--key-file', 'nowhere'], ''],
    ['a broken key file', ['showkey', '--key-file', 'broken.key'], 'not a key'],
    ['a broken key file to be sent', ['call', 'square', '4', '--key-file', 'broken.key'], 'not a key'],
  ])('3: %s', async (_title, args, content) => {
    if (content !== '') await writeFile(join(cli.home, 'broken.key'), content, { mode: 0o600 });
    const { code, stdout, stderr } = await cli.run([...args, ...(args[0] === 'call' ? to : [])]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^error: .+\nhint: .+\n$/s);
  });

  it('3: a key file that may not be read says which', async () => {
    await mkdir(join(cli.home, 'folder.key'), { recursive: true });
    const { code, stderr } = await cli.run(['showkey', '--key-file', 'folder.key']);
    expect(code).toBe(3);
    expect(stderr).toContain('folder.key');
    await chmod(join(cli.home, 'folder.key'), 0o755);
  });

  it('4: the remote kite refused who is calling', async () => {
    const { code, stdout, stderr } = await cli.run(['call', 'whoami', ...to]);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain('--auth kite-key');
  });

  it('5: there is no such kite', async () => {
    const { code, stderr } = await cli.run(['call', 'square', '4', '--to', plainUrl()]);
    expect(code).toBe(5);
    expect(stderr).toContain(plainUrl());
  });

  it('6: nobody listens there', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    const { code, stdout, stderr } = await cli.run([
      'call',
      'square',
      '4',
      '--to',
      `http://127.0.0.1:${port}/kite`,
    ]);
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
    expect(stderr).toContain(`http://127.0.0.1:${port}/kite`);
    expect(stderr).toContain('Start the kite');
  });

  it('6: the connection dropped', async () => {
    expect((await cli.run(['call', 'dropMe', ...to])).code).toBe(6);
  });

  it('7: the kite has no such method', async () => {
    const { code, stderr } = await cli.run(['call', 'squar', '4', ...to]);
    expect(code).toBe(7);
    expect(stderr).toContain('Method not found: squar');
  });

  it('8: the rate limit is used up', async () => {
    expect((await cli.run(['call', 'throttled', ...to])).code).toBe(0);
    expect((await cli.run(['call', 'throttled', ...to])).code).toBe(8);
  });

  it('124: no answer came within the deadline', async () => {
    const { code, stdout, stderr } = await cli.run(['call', 'wait', '--timeout', '50ms', ...to]);
    expect({ code, stdout }).toEqual({ code: 124, stdout: '' });
    expect(stderr).toContain('50ms');
    expect(stderr).toContain('--timeout');
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s: %i', async (signal, expected) => {
    const called = new Promise<void>((resolve) => {
      remote.onWait = resolve;
    });
    const running = cli.start(['call', 'wait', '--timeout', '0', ...to]);
    await called;
    running.child.kill(signal);
    expect(await running.outcome).toEqual({ code: expected, stdout: '', stderr: '' });
  });

  it('are told by kitectl help exit-codes', async () => {
    const { code, stdout } = await cli.run(['help', 'exit-codes']);
    expect(code).toBe(0);
    const codes = [...stdout.matchAll(/^ +(\d+) {2}\S/gm)].map(([, number]) => Number(number));
    expect(codes).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 124, 130, 143]);
  });
});

describe('errors with --json', () => {
  it('are one line on stderr, with what a program needs', async () => {
    const { code, stdout, stderr } = await cli.run(['call', 'fail', '--json', ...to]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.trimEnd()).not.toContain('\n');
    const { error } = JSON.parse(stderr) as { error: Record<string, string> };
    expect(error).toEqual({
      type: 'tooBad',
      code: 'E42',
      message: 'it \u001b[31mfailed\u0007',
      requestId: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      hint: '',
    });
  });

  it('are JSON too when the command line is wrong, wherever --json stands', async () => {
    for (const args of [
      ['--json', 'call'],
      ['cal', '--json'],
      ['call', 'x', '--nope', '-json'],
    ]) {
      const { code, stdout, stderr } = await cli.run(args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(JSON.parse(stderr)).toMatchObject({ error: { type: 'usage' } });
    }
  });
});

describe('help', () => {
  it('lists the commands and topics', async () => {
    for (const args of [[], ['help'], ['--help'], ['-h']]) {
      const { code, stdout, stderr } = await cli.run(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      for (const name of ['call', 'keygen', 'ping', 'showkey', 'tell', 'exit-codes'])
        expect(stdout).toContain(name);
    }
  });

  it('of a command shows examples and every flag', async () => {
    for (const args of [
      ['call', '--help'],
      ['help', 'call'],
      ['call', 'square', '-h'],
    ]) {
      const { code, stdout } = await cli.run(args);
      expect(code).toBe(0);
      expect(stdout).toContain('$ kitectl call square 4 --to http://localhost:3636/kite');
      for (const flag of [
        '--to',
        '--timeout',
        '--transport',
        '--auth',
        '--key-file',
        '--raw',
        '--callback',
        '--stdin',
      ]) {
        expect(stdout).toContain(flag);
      }
      expect(stdout).not.toContain('\u001b');
    }
  });

  it('says its version', async () => {
    const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect((await cli.run(['--version'])).stdout).toMatch(
      new RegExp(`^kitectl/${manifest.version} \\S+ node-v\\d`),
    );
  });
});

describe('on a terminal', () => {
  it('errors are coloured, unless the person wants none', async () => {
    const red = '\u001b[31merror:';
    expect((await cli.terminal(['call', 'square'], 80)).stdout).toContain(red);
    expect((await cli.terminal(['call', 'square', '--no-color'], 80)).stdout).not.toContain('\u001b');
    expect((await cli.terminal(['call', 'square'], 80, { env: { NO_COLOR: '1' } })).stdout).not.toContain(
      '\u001b',
    );
  });

  it('the result is indented', async () => {
    const { stdout } = await cli.terminal(['call', 'echo', '1', ...to], 80);
    expect(stdout).toBe('[\n  1\n]\n');
  });

  it('a person who presses Ctrl-C sees no more than that', async () => {
    const called = new Promise<void>((resolve) => {
      remote.onWait = resolve;
    });
    const child = spawn('script', ['-qec', `"$NODE" "$BIN" call wait --to ${remote.url}`, '/dev/null'], {
      env: {
        ...process.env,
        NODE: process.execPath,
        BIN: (await import('./cli-harness.js')).bin,
        HOME: cli.home,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    await called;
    child.stdin.write('\u0003');
    const [code] = (await once(child, 'close')) as [number];
    expect({ code, output }).toEqual({ code: 130, output: '^C' });
  });
});
