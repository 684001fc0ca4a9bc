import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { cleanEnv, type Outcome, root } from './cli-harness.js';

export interface LineProcessOptions {
  /** The working directory and home of the process. */
  readonly home: string;
  /** The folder of the package. Default: this repository. */
  readonly from?: string;
  /** The function of `dist/cli.cjs` that runs a line. Default: `run`. */
  readonly entry?: string;
}

export interface Line {
  readonly args: readonly string[];
  /** Environment variables in addition to those of the process. */
  readonly env?: Readonly<Record<string, string>>;
  /** The standard input, which then ends. Default: empty. */
  readonly input?: string | undefined;
}

/**
 * A process that runs command lines, one after another: a process for each line takes longer than what most lines do. It
 * cannot run lines that only a signal ends, or that pass their standard streams to another program.
 */
export class LineProcess {
  readonly #child: ChildProcess;
  #stderr = '';

  constructor({ home, from = root, entry = 'run' }: LineProcessOptions) {
    const script = join(root, 'test', 'helpers', 'cli', 'line-process.cjs');
    this.#child = fork(script, [from, entry], { cwd: home, env: cleanEnv(home), execArgv: [], silent: true });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
  }

  run({ args, env, input }: Line): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null): void => {
        reject(new Error(`The process ended with ${code} in "${args.join(' ')}": ${this.#stderr}`));
      };
      this.#child.once('exit', ended);
      this.#child.once('message', (outcome) => {
        this.#child.off('exit', ended);
        resolve(outcome as Outcome);
      });
      this.#child.send({ args, env, input });
    });
  }

  async close(): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.kill();
    await closed;
  }
}

/** Runs command lines in one process, which then ends. */
export async function runLines(
  lines: readonly (readonly string[])[],
  options: LineProcessOptions,
): Promise<Outcome[]> {
  const lineProcess = new LineProcess(options);
  try {
    const outcomes: Outcome[] = [];
    for (const args of lines) outcomes.push(await lineProcess.run({ args }));
    return outcomes;
  } finally {
    await lineProcess.close();
  }
}
