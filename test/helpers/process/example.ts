import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { cleanEnv, root, Running } from '../cli/cli-harness.js';

export interface ExampleOptions {
  readonly args?: readonly string[];
  /** Flags of Node itself. */
  readonly flags?: readonly string[];
  /** The home of the user that starts it. Default: one without a kite key. */
  readonly home?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts an example as documented. It is ended when the test ends. */
export function startExample(name: string, options: ExampleOptions = {}): Running {
  const program = join(root, 'examples', `${name}.js`);
  if (!existsSync(program)) throw new Error(`There is no ${program}: run npm run build first.`);
  const { args = [], flags = [], home = join(tmpdir(), 'kitectl-no-home'), env = {} } = options;
  const child = spawn(process.execPath, [...flags, program, ...args], {
    cwd: root,
    env: cleanEnv(home, env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const running = new Running(child);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await running.outcome;
  });
  return running;
}

/** Resolves with the first whole lines that a program prints. */
export async function firstLines(running: Running, count = 1): Promise<string[]> {
  await running.until(({ stdout }) => stdout.split('\n').length > count);
  return running.stdout.split('\n').slice(0, count);
}
