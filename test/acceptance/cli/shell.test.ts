import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Cli, type Running } from '../../helpers/cli/cli-harness.js';
import { TestKite } from '../../helpers/cli/cli-kite.js';
import { becomeUser } from '../../helpers/cli/cli-user.js';

let cli: Cli;
let remote: TestKite;
let to: string[];

beforeAll(async () => {
  cli = await Cli.create();
  remote = new TestKite({ kiteKey: await becomeUser(cli, 'bob') });
  await remote.kite.listen();
  to = ['--to', remote.url];
});

afterAll(async () => {
  await remote.kite.close();
  await cli.remove();
});

describe('kitectl shell in a pipe', () => {
  it('shell runs the lines of a script in order over one connection', async () => {
    let connections = 0;
    const off = remote.kite.on('connect', () => connections++);
    const input = '# squares\nsquare 4\n\nsquare -3\necho {"a": [1, 2]} text\n.exit\nsquare 5\n';
    expect(await cli.run(['shell', ...to], { input })).toEqual({
      code: 0,
      stdout: '16\n9\n[{"a":[1,2]},"text"]\n',
      stderr: '',
    });
    off();
    expect(connections).toBe(1);
  });

  it('shell continues after a line that fails, and exits with the code of the last failure', async () => {
    const input = 'fail\nnothere\nsquare 4\necho {"a"\nsquare 5';
    const { code, stdout, stderr } = await cli.run(['shell', ...to], { input });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '16\n25\n' });
    expect(stderr).toMatch(/calling "fail" at \S+ \(line 1 of standard input\) failed/);
    expect(stderr).toMatch(/calling "nothere" at \S+ \(line 2 of standard input\) failed/);
    expect(stderr).toContain('Unterminated argument: {"a"');
    expect((await cli.run(['shell', ...to], { input: 'nothere\nsquare 4\n' })).code).toBe(7);
  });

  it('shell prints invocations of a callback, lists methods, and formats as requested', async () => {
    const input = 'count 2 "@callback"\nprogress {"on": "@callback"}\n.methods\n';
    const { code, stdout } = await cli.run(['shell', ...to], { input });
    expect(code).toBe(0);
    const lines = stdout.split('\n');
    expect(lines.slice(0, 5)).toEqual(['[1,"tick 1"]', '[2,"tick 2"]', '"done"', '[{"percent":50}]', 'true']);
    expect(lines).toContain('square');
    expect((await cli.run(['shell', '-o', 'yaml', ...to], { input: 'echo 1\n' })).stdout).toBe('- 1\n');
    const failed = await cli.run(['shell', '--json', ...to], { input: 'fail\n' });
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.stderr)).toMatchObject({ error: { type: 'tooBad', code: 'E42' } });
  });

  it('shell reconnects after the kite dropped the connection', async () => {
    const { code, stdout } = await cli.run(['shell', ...to], { input: 'dropMe\nsquare 4\n' });
    expect({ code, stdout }).toEqual({ code: 6, stdout: '16\n' });
  });

  it('shell stores no history in a pipe', async () => {
    await cli.run(['shell', ...to], { input: 'square 4\n' });
    await expect(readFile(join(cli.home, '.kite', 'shell_history'))).rejects.toThrow('ENOENT');
  });
});

describe('kitectl shell on a terminal', () => {
  const history = (): string => join(cli.home, '.kite', 'shell_history');

  afterEach(() => rm(history(), { force: true }));

  /** Starts a shell, and returns a function that types after a given output. */
  async function start(...args: string[]): Promise<{
    running: Running;
    type: (keys: string, shown: string) => Promise<void>;
  }> {
    const running = cli.startTerminal(['shell', ...to, ...args], 80, { env: { NO_COLOR: '1' } });
    await running.until(({ stdout }) => stdout.includes('math> '));
    return {
      running,
      async type(keys, shown) {
        const from = running.stdout.length;
        running.child.stdin?.write(keys);
        await running.until(({ stdout }) => stdout.slice(from).includes(shown));
      },
    };
  }

  it('shell completes names, prints results, and restores its history', async () => {
    const { running, type } = await start();
    await type('squ\t', 'square ');
    await type('4\r', '16\r\n');
    await type('.help\r', '.exit');
    await type('fail\r', 'failed');
    await type('square 5\r', '25\r\n');
    running.child.stdin?.write('.exit\r');
    expect((await running.outcome).code).toBe(1);
    expect(running.stdout).toContain('note: The history is stored in shell_history');
    expect((await readFile(history(), 'utf8')).split('\n')).toEqual([
      'square 4',
      '.help',
      'fail',
      'square 5',
      '.exit',
      '',
    ]);

    const next = await start();
    await next.type('\u001b[A\u001b[A', 'square 5');
    await next.type('\r', '25\r\n');
    next.running.child.stdin?.write('\u0004');
    expect((await next.running.outcome).code).toBe(0);
  });

  it('shell reports that a line with a secret is not stored, and stores none with --no-history', async () => {
    const { running, type } = await start();
    await type('echo {"password": "sesame"}\r', 'may contain a secret');
    await type(' square 4\r', '16\r\n');
    running.child.stdin?.write('\u0004');
    expect((await running.outcome).code).toBe(0);
    await expect(readFile(history(), 'utf8')).rejects.toThrow('ENOENT');
    const other = await start('--no-history');
    await other.type('square 4\r', '16\r\n');
    other.running.child.stdin?.write('\u0004');
    await other.running.outcome;
    await expect(readFile(history(), 'utf8')).rejects.toThrow('ENOENT');
  });

  it('shell cancels a call and clears the typed line on Ctrl-C, but keeps running', async () => {
    const { running, type } = await start();
    const called = new Promise<void>((resolve) => {
      remote.onWait = resolve;
    });
    running.child.stdin?.write('wait\r');
    await called;
    await type('\u0003', 'was canceled');
    await type('squa', 'squa');
    await type('\u0003', 'math> ');
    await type('square 6\r', '36\r\n');
    await type('\u0003', 'To exit');
    running.child.stdin?.write('.exit\r');
    expect((await running.outcome).code).toBe(130);
  });

  it('shell prints the log of the kite during a call, and then the prompt', async () => {
    const { running, type } = await start();
    const logged = running.until(({ stdout }) => /hello from outside\r\n.*math> squ/s.test(stdout));
    await type('squ', 'squ');
    const [peer] = remote.peers;
    await peer?.tell('kite.log', 'hello from outside');
    await logged;
    await type('are 7\r', '49\r\n');
    running.child.stdin?.write('\u0004');
    expect((await running.outcome).code).toBe(0);
  });
});
