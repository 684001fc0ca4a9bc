import type { Terminal } from './terminal.js';

/** What the preparation of a document can use. */
export interface Context {
  /** The environment of every shell of the document. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  newTerminal(): Terminal;
}

export type End = () => Promise<void>;

/** Starts a program in a terminal, and resolves when it has printed that it is ready. */
export async function start(context: Context, command: string, ready: string): Promise<End> {
  const terminal = context.newTerminal();
  await terminal.type(command);
  await terminal.prints((output) => output.includes(ready));
  // Not with Ctrl-C: members of a cluster that end in good order wait for each other.
  return () => terminal.close();
}

/** Runs commands, and resolves when they have ended. @throws Error if one fails */
export async function run(context: Context, script: string): Promise<void> {
  const terminal = context.newTerminal();
  await terminal.type(script);
  const failed = await terminal.finish();
  if (failed !== undefined) throw new Error(`${failed}\n${terminal.output}`);
}
