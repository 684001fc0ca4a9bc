import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** The time limit for a block to print the expected output, and for a program to end after Ctrl-C. */
const PATIENCE = 90_000;
/** Ends the output of a block, on stdout and on stderr. */
const END = '\0';

export const MISSING_OUTPUT = 'does not print what the document says';

/** Runs before the blocks: the shell records the first command that fails, and ignores Ctrl-C like an interactive shell. */
const PRELUDE = `set -E -o pipefail
trap : INT
failed=
trap 'failed="\${failed:-exit code $? of: $BASH_COMMAND}"' ERR
`;

/** A shell that runs the blocks of a document, like a terminal into which they are pasted. */
export class Terminal {
  readonly #folder: string;
  readonly #shell: ChildProcess;
  readonly #ended: Promise<unknown>;
  #output = '';
  #ends = 0;
  #blocks = 0;
  #finished: string[] = [];
  #running = false;
  #wake: (() => void)[] = [];

  /** @param folder contains the blocks while they run */
  constructor(folder: string, cwd: string, env: NodeJS.ProcessEnv) {
    this.#folder = folder;
    this.#shell = spawn('bash', ['--noprofile', '--norc'], {
      cwd,
      env,
      // A separate process group, which receives Ctrl-C.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    this.#ended = once(this.#shell, 'exit').then(() => this.#changed());
    for (const stream of [this.#shell.stdout, this.#shell.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        const parts = text.split(END);
        this.#output += parts.join('');
        this.#ends += parts.length - 1;
        this.#changed();
      });
    }
    const report = this.#shell.stdio[3] as Readable;
    let reported = '';
    report.setEncoding('utf8').on('data', (text: string) => {
      reported += text;
      const lines = reported.split('\0');
      reported = lines.pop() ?? '';
      this.#finished.push(...lines);
      this.#changed();
    });
    this.#stdin.write(PRELUDE);
  }

  get output(): string {
    return this.#output;
  }

  /** Starts a block and clears `output`. */
  async type(text: string): Promise<void> {
    this.#output = '';
    this.#ends = 0;
    this.#running = true;
    const file = join(this.#folder, `block-${this.#shell.pid}-${++this.#blocks}.sh`);
    await writeFile(file, `${text}\n`);
    const end = `printf '\\0'; printf '\\0' >&2; printf '%s\\0' "$failed" >&3`;
    this.#stdin.write(`failed=; source '${file}' </dev/null 3>&-; ${end}\n`);
  }

  /** Resolves when the block has ended. @returns the first failure, or undefined if there was none */
  async finish(): Promise<string | undefined> {
    if (!this.#running) return undefined;
    await this.#until(() => this.#blockEnded, 'does not end');
    this.#running = false;
    return this.#finished.shift() || undefined;
  }

  /** Resolves when a program that runs has printed this. @throws Error if it ends before that, or after the time limit */
  async prints(isThere: (output: string) => boolean): Promise<void> {
    await this.#until(() => {
      if (isThere(this.#output)) return true;
      if (this.#blockEnded) throw new Error(`it ended: ${this.#finished[0] ?? ''}`);
      return false;
    }, MISSING_OUTPUT);
  }

  /** Sends Ctrl-C, and resolves when the program has ended. @returns the failure, unless it is the signal itself */
  async interrupt(): Promise<string | undefined> {
    if (!this.#running) return undefined;
    if (this.#finished.length === 0) process.kill(-(this.#shell.pid ?? 0), 'SIGINT');
    const failed = await this.finish();
    return failed?.startsWith('exit code 130 ') ? undefined : failed;
  }

  /** Ends the shell and all of its programs, and resolves when the shell has ended. */
  async close(): Promise<void> {
    this.kill();
    await this.#ended;
  }

  kill(): void {
    try {
      process.kill(-(this.#shell.pid ?? 0), 'SIGKILL');
    } catch {
      // All of them have ended.
    }
  }

  /** Whether the block has ended, and all of its output has arrived. */
  get #blockEnded(): boolean {
    return this.#finished.length > 0 && this.#ends === 2;
  }

  get #stdin(): Writable {
    if (!this.#shell.stdin) throw new Error('The shell has no input');
    return this.#shell.stdin;
  }

  async #until(condition: () => boolean, otherwise: string): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#changed();
    }, PATIENCE);
    try {
      while (!condition()) {
        if (late || this.#shell.exitCode !== null || this.#shell.signalCode !== null)
          throw new Error(otherwise);
        await new Promise<void>((resolve) => this.#wake.push(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
