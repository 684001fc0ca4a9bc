import type { Terminal } from './terminal.js';

/** What a preparation works with. */
export interface Context {
  /** Of every shell of the page; what is set here is set there. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  newTerminal(): Terminal;
}

export type End = () => Promise<void>;

/** Starts a program in a terminal, and resolves once it has printed that it is ready. */
export async function start(context: Context, command: string, ready: string): Promise<End> {
  const terminal = context.newTerminal();
  await terminal.type(command);
  await terminal.prints((output) => output.includes(ready), { whileRunning: true });
  return async () => {
    await terminal.interrupt();
  };
}

/** Runs commands to their end. @throws Error where one fails */
export async function run(context: Context, script: string): Promise<void> {
  const terminal = context.newTerminal();
  await terminal.type(script);
  const failed = await terminal.finish();
  if (failed !== undefined) throw new Error(`${failed}\n${terminal.output}`);
}
