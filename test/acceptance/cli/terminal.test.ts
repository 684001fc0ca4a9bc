import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bin, Cli, cleanEnv } from '../../helpers/cli/cli-harness.js';
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

describe('help', () => {
  it('help lists the commands and topics', async () => {
    for (const args of [[], ['help'], ['--help'], ['-h']]) {
      const { code, stdout, stderr } = await cli.run(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      for (const name of ['call', 'keygen', 'ping', 'showkey', 'tell', 'exit-codes'])
        expect(stdout).toContain(name);
    }
  });

  it('help of a command shows examples and every flag', async () => {
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

  it('--version prints the version', async () => {
    const manifest = JSON.parse(
      await readFile(new URL('../../../package.json', import.meta.url), 'utf8'),
    ) as {
      version: string;
    };
    expect((await cli.run(['--version'])).stdout).toMatch(
      new RegExp(`^kitectl/${manifest.version} \\S+ node-v\\d`),
    );
  });
});

describe('on a terminal', () => {
  it('errors are colored on a terminal unless colors are disabled', async () => {
    const red = '\u001b[31merror:';
    expect((await cli.terminal(['call', 'square'], 80)).stdout).toContain(red);
    expect((await cli.terminal(['call', 'square', '--no-color'], 80)).stdout).not.toContain('\u001b');
    expect((await cli.terminal(['call', 'square'], 80, { env: { NO_COLOR: '1' } })).stdout).not.toContain(
      '\u001b',
    );
  });

  it.each([
    ['list', 'No kites are installed. Install one with: kitectl install SOURCE'],
    ['keys list', 'No kite keys. Get one with: kitectl register --to URL --username NAME'],
    ['context list', 'No contexts. Create one with: kitectl context add NAME'],
  ])('kitectl %s prints a hint if there is nothing to list', async (line, told) => {
    const args = line.split(' ');
    expect(await cli.terminal(args, 100)).toMatchObject({ code: 0, stdout: `${told}\n` });
    expect(await cli.run(args)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('the result of call is indented on a terminal', async () => {
    const { stdout } = await cli.terminal(['call', 'echo', '1', ...to], 80);
    expect(stdout).toBe('[\n  1\n]\n');
  });

  it('a command prints nothing more after Ctrl-C on a terminal', async () => {
    const called = new Promise<void>((resolve) => {
      remote.onWait = resolve;
    });
    const child = spawn('script', ['-qec', `"$NODE" "$BIN" call wait --to ${remote.url}`, '/dev/null'], {
      env: cleanEnv(cli.home, { NODE: process.execPath, BIN: bin }),
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
