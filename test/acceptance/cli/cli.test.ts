import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cli } from '../../helpers/cli/cli-harness.js';
import { TestKite } from '../../helpers/cli/cli-kite.js';

let cli: Cli;
let remote: TestKite;
let to: string[];

beforeAll(async () => {
  cli = await Cli.create();
  remote = new TestKite();
  await remote.kite.listen();
  to = ['--to', remote.url];
});

afterAll(async () => {
  await remote.kite.close();
  await cli.remove();
});

describe('call', () => {
  it('call prints the result as one JSON value and nothing else', async () => {
    expect(await cli.run(['call', 'square', '4', ...to])).toEqual({ code: 0, stdout: '16\n', stderr: '' });
  });

  it('call parses arguments as JSON, else as strings, and takes negative numbers with and without --', async () => {
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

  it('call keeps the order of equal arguments', async () => {
    expect((await cli.run(['call', 'echo', 'a', 'b', 'a', ...to])).stdout).toBe('["a","b","a"]\n');
  });

  it('call reads its target from KITE_TO', async () => {
    expect((await cli.run(['call', 'square', '4'], { env: { KITE_TO: remote.url } })).stdout).toBe('16\n');
  });

  it.each(['websocket', 'xhr', 'auto'])('call connects over %s', async (transport) => {
    expect((await cli.run(['call', 'square', '4', '--transport', transport, ...to])).stdout).toBe('16\n');
  });

  it('call connects over a raw WebSocket', async () => {
    expect((await cli.run(['call', 'square', '4', '--transport', 'raw', ...to])).stdout).toBe('16\n');
  });

  it('call prints null for a method that returns nothing', async () => {
    expect((await cli.run(['call', 'nothing', ...to])).stdout).toBe('null\n');
  });

  it('call --raw prints a string without quotes, and anything else as JSON', async () => {
    expect((await cli.run(['call', 'text', ...to])).stdout).toBe('"line 1\\nline 2"\n');
    expect((await cli.run(['call', 'text', '--raw', ...to])).stdout).toBe('line 1\nline 2\n');
    expect((await cli.run(['call', 'square', '4', '--raw', ...to])).stdout).toBe('16\n');
  });

  it('call prints invocations of its callback as NDJSON before the result', async () => {
    const { stdout } = await cli.run(['call', 'count', '3', '--callback', ...to]);
    expect(stdout).toBe('[1,"tick 1"]\n[2,"tick 2"]\n[3,"tick 3"]\n"done"\n');
  });

  it('call passes its callback at the position of the argument @callback', async () => {
    const { stdout } = await cli.run(['call', 'progress', '{"on":"@callback"}', '--callback', ...to]);
    expect(stdout).toBe('[{"percent":50}]\ntrue\n');
  });

  it('call prints the log of the remote kite on stderr, and rejects its other calls', async () => {
    const { code, stdout, stderr } = await cli.run(['call', 'talk', ...to]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '"authenticationError"\n' });
    expect(stderr).toContain('a log');
    expect(stderr).toContain('a print\n');
    // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  it('call does not wait for a standard input that stays open', async () => {
    // Every other test leaves it open as well; this one tests it.
    const running = cli.start(['call', 'square', '3', ...to]);
    expect((await running.outcome).stdout).toBe('9\n');
    running.child.stdin?.end();
  });

  it('call closes its connection when it is interrupted', async () => {
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

describe('tell, with the flags of the Go tool', () => {
  it('tell takes single-dash flags with and without an equals sign', async () => {
    expect((await cli.run(['tell', `-to=${remote.url}`, '-method=square', '4'])).stdout).toBe('16\n');
    expect(
      (await cli.run(['tell', '-to', remote.url, '-method', 'square', '-timeout', '4', '-4'])).stdout,
    ).toBe('16\n');
  });

  it('tell requires a method', async () => {
    const { code, stderr } = await cli.run(['tell', ...to, '4']);
    expect(code).toBe(2);
    expect(stderr).toContain('Missing required flag: --method NAME');
  });
});

describe('call --stdin', () => {
  it('call --stdin makes one call per line over one connection and keeps the order', async () => {
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

  it('call --stdin stops at the first line that fails and reports it', async () => {
    const { code, stdout, stderr } = await cli.run(['call', 'square', '--stdin', ...to], {
      input: '1\n"x"\n3\n',
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '1\n' });
    expect(stderr).toContain('line 2 of standard input');
    expect(stderr).toContain('square takes a number');
  });

  it('call --stdin exits silently when its output is closed', async () => {
    const line = `seq 1 200000 | kitectl call square --stdin --parallel 64 --to ${remote.url} | head -1; echo "\${PIPESTATUS[1]}"`;
    expect(await cli.shell(line)).toEqual({ code: 0, stdout: '1\n0\n', stderr: '' });
  });

  it('call --stdin rejects arguments', async () => {
    expect(await cli.run(['call', 'square', '4', '--stdin', ...to])).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('ping', () => {
  it('ping prints the round-trip time', async () => {
    const { code, stdout } = await cli.run(['ping', ...to]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^pong from http:\/\/127\.0\.0\.1:\d+\/kite in \d+\.\d ms\n$/);
  });

  it('ping --json prints one object per ping', async () => {
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
  it('keygen writes a key pair that only its owner can read, and never overwrites it', async () => {
    const out = join(cli.home, 'pair');
    expect(await cli.run(['keygen', '--out', out])).toMatchObject({
      code: 0,
      stdout: `private key\t${out}/key.pem\npublic key\t${out}/key_pub.pem\n`,
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

  it('keygen prints the paths as JSON', async () => {
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

  it('keygen requires --tls with --host', async () => {
    expect((await cli.run(['keygen', '--host', 'localhost', '--out', 'x'])).code).toBe(2);
  });
});
