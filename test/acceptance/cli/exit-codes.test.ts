import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cli } from '../../helpers/cli/cli-harness.js';
import { TestKite } from '../../helpers/cli/cli-kite.js';

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

describe('exit codes', () => {
  it('a missing argument exits with 2 and mentions no unrelated flags', async () => {
    const { code, stderr } = await cli.run(['expose']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: Missing argument URL\. Usage: kitectl expose URL\nhint: See: kitectl expose --help\n$/,
    );
  });

  it('an error of the remote method exits with 1', async () => {
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
    ['no method', ['call'], 'Missing argument METHOD. Usage: kitectl call METHOD [ARGS...]'],
    ['no target', ['call', 'square', '4'], 'KITE_TO'],
    ['a target that is not a URL', ['call', 'square', '--to', 'math'], 'http://localhost:3636/kite'],
    ['a value outside the options of a flag', ['call', 'square', '--transport', 'pigeon'], 'websocket'],
    [
      'a timeout that is not a duration',
      ['ping', '--to', 'http://localhost:1/kite', '--timeout', 'soon'],
      '500ms',
    ],
    ['an unknown help topic', ['help', 'exit-code'], 'kitectl exit-codes'],
    ['an excess argument', ['ping', 'x', '--to', 'http://localhost:1/kite'], 'x'],
  ])('exits with 2 on %s', async (_title, args, hint) => {
    const { code, stdout, stderr } = await cli.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(hint);
  });

  it.each([
    ['no key file', ['showkey'], ''],
    ['a missing key file', ['call', 'square', '4', '--key-file', 'nowhere'], ''],
    ['a broken key file', ['showkey', '--key-file', 'broken.key'], 'not a key'],
    ['a broken key file to send', ['call', 'square', '4', '--key-file', 'broken.key'], 'not a key'],
  ])('exits with 3 on %s', async (_title, args, content) => {
    if (content !== '') await writeFile(join(cli.home, 'broken.key'), content, { mode: 0o600 });
    const { code, stdout, stderr } = await cli.run([...args, ...(args[0] === 'call' ? to : [])]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^error: .+\nhint: .+\n$/s);
  });

  it.each(['help exit-codes', 'help call', '--version', 'call square 4 --to "$TO"'])(
    'exits with 3 if the disk is full when kitectl %s prints',
    async (line) => {
      const { stdout, stderr } = await cli.shell(`kitectl ${line} > /dev/full; echo $?`, {
        env: { TO: remote.url },
      });
      expect(stdout).toBe('3\n');
      expect(stderr).toBe('error: Cannot write the output: ENOSPC: no space left on device, write\n');
    },
  );

  it('an unreadable key file exits with 3 and is named', async () => {
    await mkdir(join(cli.home, 'folder.key'), { recursive: true });
    const { code, stderr } = await cli.run(['showkey', '--key-file', 'folder.key']);
    expect(code).toBe(3);
    expect(stderr).toContain('folder.key');
  });

  it('an invalid setting of a store exits with 3 and prints one sentence', async () => {
    const args = ['kontrol', 'keys', 'reseal', '--storage', 'etcd', '--machines', 'http://h:2379/path'];
    const { code, stdout, stderr } = await cli.run(args, { env: { KONTROL_SECRET: 'x' } });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^error: .*http:\/\/h:2379\/path.*\n$/);
  });

  it('an authentication error of the remote kite exits with 4', async () => {
    const { code, stdout, stderr } = await cli.run(['call', 'whoami', ...to]);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain('--auth kite-key');
  });

  it('an unknown kite exits with 5', async () => {
    const { code, stderr } = await cli.run(['call', 'square', '4', '--to', plainUrl()]);
    expect(code).toBe(5);
    expect(stderr).toContain(plainUrl());
  });

  it('a refused connection exits with 6', async () => {
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

  it('a dropped connection exits with 6', async () => {
    expect((await cli.run(['call', 'dropMe', ...to])).code).toBe(6);
  });

  it('a missing method exits with 7', async () => {
    const { code, stderr } = await cli.run(['call', 'squar', '4', ...to]);
    expect(code).toBe(7);
    expect(stderr).toContain('Method not found: squar');
  });

  it('an exceeded rate limit exits with 8', async () => {
    expect((await cli.run(['call', 'throttled', ...to])).code).toBe(0);
    expect((await cli.run(['call', 'throttled', ...to])).code).toBe(8);
  });

  it('an exceeded deadline exits with 124', async () => {
    const { code, stdout, stderr } = await cli.run(['call', 'wait', '--timeout', '50ms', ...to]);
    expect({ code, stdout }).toEqual({ code: 124, stdout: '' });
    expect(stderr).toContain('50ms');
    expect(stderr).toContain('--timeout');
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s exits with %i', async (signal, expected) => {
    const called = new Promise<void>((resolve) => {
      remote.onWait = resolve;
    });
    const running = cli.start(['call', 'wait', '--timeout', '0', ...to]);
    await called;
    running.child.kill(signal);
    expect(await running.outcome).toEqual({ code: expected, stdout: '', stderr: '' });
  });

  it('help exit-codes lists the exit codes', async () => {
    const { code, stdout } = await cli.run(['help', 'exit-codes']);
    expect(code).toBe(0);
    const codes = [...stdout.matchAll(/^ +(\d+) {2}\S/gm)].map(([, number]) => Number(number));
    expect(codes).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 124, 129, 130, 131, 143]);
  });
});

describe('errors with --json', () => {
  it('an error with --json is one line on stderr with its type, message and exit code', async () => {
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

  it('a usage error is JSON as well, wherever --json occurs on the line', async () => {
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
