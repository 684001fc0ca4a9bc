import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { bin, type Cli, cleanEnv, Running } from '../../helpers/cli/cli-harness.js';
import { Network } from '../../helpers/cli/cli-network.js';

let network: Network;
let cli: Cli;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  network = await Network.create();
  ({ cli } = network);
  await network.register();
  await network.register({}, 'other');
  const programs = join(cli.home, 'programs');
  await mkdir(programs);
  await writeFile(join(programs, 'kitectl'), `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`);
  await chmod(join(programs, 'kitectl'), 0o755);
  await writeFile(join(cli.home, 'a file.key'), '');
  env = {
    ...cleanEnv(cli.home),
    PATH: `${programs}:${process.env['PATH']}`,
    TERM: 'xterm',
    LC_ALL: 'C.UTF-8',
  };
});

afterAll(() => network.close());

const complete = async (...words: string[]): Promise<string[]> => {
  const { code, stdout, stderr } = await cli.run(['complete', '--', ...words]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.split('\n').filter((line) => line !== '');
};

describe('completion', () => {
  it('completion lists the kites at Kontrol', async () => {
    expect((await complete('query', '/')).toSorted()).toEqual(['/bob/prod/math', '/bob/prod/other']);
    expect(await complete('ping', '--to', '/bob/prod/m')).toEqual(['/bob/prod/math']);
    expect(await complete('ping', '--to=/bob/prod/m')).toEqual(['--to=/bob/prod/math']);
    expect(await complete('query', '/eve/')).toEqual([]);
  });

  it('completion lists contexts and keys', async () => {
    await cli.run(['context', 'add', 'dev']);
    expect(await complete('context', 'use', '')).toEqual(['dev']);
    expect(await complete('keys', 'remove', '')).toEqual([`bob@${network.kontrol.url}`]);
    await cli.run(['context', 'remove', 'dev', '--yes']);
  });

  it('completion caches lists of kites, and lists nothing if Kontrol does not answer', async () => {
    // As long as a completion without a query takes.
    const started = performance.now();
    await complete('cal');
    const missingInput = performance.now() - started;
    const silent = createServer((socket) => void socket.resume());
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const address = silent.address() as { port: number };
    const startedAt = performance.now();
    expect(await complete('query', '--kontrol', `http://127.0.0.1:${address.port}/kite`, '/')).toEqual([]);
    // 300 ms, plus a margin for a busy machine; a call would wait for 15 s.
    expect(performance.now() - startedAt - missingInput).toBeLessThan(2000);
    expect(await complete('query', '--kontrol', 'http://127.0.0.1:1/kite', '/')).toEqual([]);
    const cache = await readFile(join(cli.home, '.cache', 'kitectl', 'completion.json'), 'utf8');
    expect(cache).toContain('/bob/prod/math');
    expect(cache).not.toContain(network.jwt);
  });

  it('completion never fails, whatever the command line is', async () => {
    const broken = { env: { KITE_KEY: 'no key' } };
    expect(await cli.run(['complete', '--', 'query', '/'], broken)).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect(await complete()).not.toEqual([]);
  });

  it('completion rejects an unknown shell', async () => {
    expect((await cli.run(['completion', 'tcsh'])).code).toBe(2);
    expect((await cli.run(['completion'])).code).toBe(2);
  });
});

/** Runs a script in a shell to its end. */
async function script(shell: string, args: string[]): Promise<string> {
  const child = spawn(shell, args, { env, cwd: cli.home, stdio: ['ignore', 'pipe', 'inherit'] });
  const { code, stdout } = await new Running(child).outcome;
  expect(code).toBe(0);
  return stdout;
}

describe('completion in bash', () => {
  /** The candidates with which bash would replace the last word. */
  async function press(line: string): Promise<string[]> {
    const simulate = `source <(kitectl completion bash)
      COMP_LINE=$1 COMP_POINT=\${#1}
      # As bash takes the line apart: colons and equals signs are words of their own.
      mapfile -t COMP_WORDS < <(grep -oE '[:=]|[^ :=]+' <<<"$1"); [[ $1 == *' ' ]] && COMP_WORDS+=('')
      COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _kitectl; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const out = await script('bash', ['--norc', '-c', simulate, 'bash', line]);
    return out.split('\n').filter((word) => word !== '');
  }

  it('bash completes commands, flags, kites and files', async () => {
    expect(await press('kitectl cal')).toEqual(['call']);
    expect(await press('kitectl call x --transp')).toEqual(['--transport']);
    expect(await press('kitectl ping --to /bob/prod/m')).toEqual(['/bob/prod/math']);
    expect(await press('kitectl ping --to=/bob/prod/m')).toEqual(['/bob/prod/math']);
    expect(await press('kitectl keys remove bob@http:')).toEqual([network.kontrol.url.replace('http:', '')]);
    expect(await press('kitectl showkey --key-file a')).toEqual(['a file.key']);
    await mkdir(join(cli.home, 'backups'), { recursive: true });
    await writeFile(join(cli.home, 'backups', 'one.tar'), '');
    expect(await press('kitectl call upload @st')).toEqual(['@stream:']);
    expect(await press('kitectl call upload @stream:ba')).toEqual(['backups/']);
    expect(await press('kitectl call upload @stream:backups/o')).toEqual(['backups/one.tar']);
    expect(await press('kitectl call upload @bytes:none')).toEqual([]);
  });
});

/** A shell on a terminal. It needs a width to print anything. */
function atTerminal(shell: string): { readonly running: Running; readonly line: () => string } {
  const child = spawn('script', ['-qec', `stty cols 120; ${shell}`, '/dev/null'], { env, cwd: cli.home });
  const running = new Running(child);
  return {
    running,
    line: () => stripVTControlCharacters(running.stdout).replaceAll('\b', '').replaceAll('\u0007', ''),
  };
}

describe.each([
  ['bash', '.bashrc', 'source <(kitectl completion bash); PS1="ready> "', 'bash --rcfile .bashrc -i'],
  [
    'zsh',
    '.zshrc',
    'autoload -U compinit; compinit -u -D; source <(kitectl completion zsh); PS1="ready> "',
    'zsh -i',
  ],
])('completion in %s on a terminal', (_name, rc, content, command) => {
  it('an interactive shell completes commands and kites as they are typed', async () => {
    await writeFile(join(cli.home, rc), `${content}\n`);
    const { running, line } = atTerminal(command);
    await running.type('ready> ', 'kitectl pin\t');
    await running.until(() => line().includes('kitectl ping '));
    running.child.stdin?.write('--to /bob/prod/m\t');
    await running.until(() => /ping +--to \/bob\/prod\/math /.test(line()));
    await mkdir(join(cli.home, 'backups'), { recursive: true });
    await writeFile(join(cli.home, 'backups', 'one.tar'), '');
    running.child.stdin?.write('\u0015kitectl call upload @str\t');
    await running.until(() => line().includes('@stream:'));
    running.child.stdin?.write('back\t');
    await running.until(() => line().includes('@stream:backups/'));
    running.child.stdin?.write('o\t');
    await running.until(() => line().includes('@stream:backups/one.tar '));
    running.child.stdin?.write('\u0015exit\r');
    expect(await running.outcome).toMatchObject({ code: 0 });
  });
});

describe('completion in fish', () => {
  it('fish completes commands with their summaries, kites and files', async () => {
    const press = (line: string) =>
      script('fish', ['--no-config', '-c', `kitectl completion fish | source; complete -C '${line}'`]);
    expect(await press('kitectl pin')).toBe(
      'ping\tCheck whether a kite responds, and measure the latency.\n',
    );
    expect(await press('kitectl ping --to /bob/prod/m')).toBe('/bob/prod/math\n');
    expect(await press('kitectl showkey --key-file a')).toContain('a file.key');
    await writeFile(join(cli.home, 'two.tar'), '');
    expect(await press('kitectl call upload @bytes:tw')).toBe('@bytes:two.tar\n');
  });
});
