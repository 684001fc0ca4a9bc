import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));
export const bin = join(root, 'bin', 'run.js');

export interface Outcome {
  /** The exit code; null if a signal ended the process. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** The content of the standard input, which then ends. Default: empty. */
  readonly input?: string;
  readonly cwd?: string;
  /** Commands of the shell before the command on a terminal, such as `echo $$; exec `. */
  readonly before?: string;
}

/** The environment of a user without settings, with an empty home. */
export function cleanEnv(home: string, more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: home, KITE_HOME: join(home, '.kite'), ...more };
}

/** A running command. */
export class Running {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
  stdout = '';
  stderr = '';
  #watchers: (() => void)[] = [];

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#changed();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#changed();
    });
    this.outcome = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  /** Types keys once the terminal shows `shown`, which is then forgotten. */
  async type(shown: string, keys: string): Promise<void> {
    await this.until(({ stdout }) => stdout.includes(shown));
    this.stdout = '';
    this.child.stdin?.write(keys);
  }

  /** Resolves once the output satisfies `condition`; rejects if the command ends before. */
  async until(condition: (running: this) => boolean): Promise<void> {
    const ended = this.outcome.then((outcome) => {
      throw new Error(`The command ended before: ${JSON.stringify(outcome)}`);
    });
    ended.catch(() => {});
    while (!condition(this)) {
      await Promise.race([ended, new Promise<void>((resolve) => this.#watchers.push(resolve))]);
    }
  }

  #changed(): void {
    for (const wake of this.#watchers.splice(0)) wake();
  }
}

/** Runs the built program in a separate home, which is removed at the end. */
export class Cli {
  readonly home: string;

  private constructor(home: string) {
    this.home = home;
  }

  static async create(): Promise<Cli> {
    if (!existsSync(join(root, 'dist', 'cli.cjs')))
      throw new Error('There is no dist/cli.cjs: run npm run build first.');
    return new Cli(await mkdtemp(join(tmpdir(), 'kitectl-cli-')));
  }

  start(args: readonly string[], options: RunOptions = {}): Running {
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: options.cwd ?? this.home,
      env: cleanEnv(this.home, options.env),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // A command that ends early does not read its input.
    child.stdin.on('error', () => {});
    if (options.input !== undefined) child.stdin.end(options.input);
    return new Running(child);
  }

  /** Starts the program in a shell that has run `before`, such as `ulimit -n 40`. */
  startAfter(before: string, args: readonly string[]): Running {
    const line = `${before}; exec "$0" "$@"`;
    const child = spawn('bash', ['-c', line, process.execPath, bin, ...args], {
      cwd: this.home,
      env: cleanEnv(this.home),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    return new Running(child);
  }

  /** Runs to the end. Without `input` the standard input stays open and silent, as under a supervisor. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return this.start(args, options).outcome;
  }

  /** Runs a line of shell in which `kitectl` is the built program. */
  async shell(line: string, options: RunOptions = {}): Promise<Outcome> {
    const child = spawn('bash', ['-c', `kitectl() { "$NODE" "$BIN" "$@"; }; ${line}`], {
      cwd: options.cwd ?? this.home,
      env: cleanEnv(this.home, { NODE: process.execPath, BIN: bin, ...options.env }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Running(child).outcome;
  }

  /** Runs on a separate terminal, `columns` wide; stdout and stderr are combined. */
  async terminal(args: readonly string[], columns: number, options: RunOptions = {}): Promise<Outcome> {
    const { code, stdout, stderr } = await this.startTerminal(args, columns, options).outcome;
    return { code, stdout: stdout.replaceAll('\r\n', '\n'), stderr };
  }

  /** Runs on a terminal, and types `keys` once `prompt` is shown. */
  async typed(args: readonly string[], prompt: string, keys: string): Promise<Outcome> {
    const running = this.startTerminal(args, 80);
    await running.until(({ stdout }) => stdout.includes(prompt));
    running.child.stdin?.write(keys);
    return running.outcome;
  }

  /** `terminal` with input from the test: what it writes to the standard input is typed. */
  startTerminal(args: readonly string[], columns: number, options: RunOptions = {}): Running {
    const quoted = args.map((arg) => `'${arg.replaceAll("'", `'\\''`)}'`).join(' ');
    const line = `stty cols ${columns}; ${options.before ?? ''}"$NODE" "$BIN" ${quoted}`;
    const child = spawn('script', ['-qec', line, '/dev/null'], {
      cwd: options.cwd ?? this.home,
      env: cleanEnv(this.home, {
        NODE: process.execPath,
        BIN: bin,
        TERM: 'xterm-256color',
        SHELL: '/bin/bash',
        ...options.env,
      }),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    return new Running(child);
  }

  async remove(): Promise<void> {
    await rm(this.home, { recursive: true, force: true });
  }
}
