import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { cleanEnv, type Outcome, root, Running } from './cli-harness.js';

export interface RunLinesOptions {
  /** The working directory and the home of the user. */
  readonly home: string;
  /** The folder of the package. Default: this repository. */
  readonly from?: string;
  /** The function of `dist/cli.cjs` that runs a line. Default: `run`. */
  readonly entry?: string;
}

/**
 * Runs command lines in one process, one after another, for lines that end and need no input: a process for each would take
 * longer.
 */
export async function runLines(
  lines: readonly (readonly string[])[],
  { home, from = root, entry = 'run' }: RunLinesOptions,
): Promise<Outcome[]> {
  const script = join(root, 'test', 'helpers', 'cli', 'run-lines.cjs');
  const child = spawn(process.execPath, [script, from, entry], {
    cwd: home,
    env: cleanEnv(home),
    stdio: 'pipe',
  });
  child.stdin.end(JSON.stringify(lines));
  const { code, stdout, stderr } = await new Running(child).outcome;
  if (code !== 0) throw new Error(`run-lines.cjs ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as Outcome[];
}
