import { statfs } from 'node:fs/promises';
import os from 'node:os';
import { KiteError } from '../../protocol/errors.js';
import { makeVisible } from '../../util/make-visible.js';
import type { MethodHost } from './method-host.js';
import { errorCode } from '../../util/error-code.js';

/** Methods that access the machine or its terminal. A kite has them only if the option `systemMethods` lists them. */
export const SYSTEM_METHODS = [
  'kite.print',
  'kite.prompt',
  'kite.getPass',
  'kite.notify',
  'kite.systemInfo',
] as const;

/** The name of a system method. */
export type SystemMethod = (typeof SYSTEM_METHODS)[number];

/** The result of `kite.systemInfo`. Disk sizes are in KiB, memory sizes in bytes. */
export interface SystemInfo {
  readonly state: 'RUNNING';
  readonly diskUsage: number;
  readonly diskTotal: number;
  readonly memoryUsage: number;
  readonly totalMemoryLimit: number;
  readonly homeDir: string;
  readonly uname: string;
  /** Load averages of 1, 5 and 15 minutes. Zeros if the system does not provide them. */
  readonly loadAverage: readonly number[];
  /** Number of processors. */
  readonly processors: number;
}

export interface TerminalStreams {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

const handlers: Record<SystemMethod, (text: string, terminal: TerminalStreams) => unknown> = {
  'kite.print': (text, { output }) => {
    output.write(`${makeVisible(text)}\n`);
    return null;
  },
  'kite.prompt': (text, terminal) => prompt(text, terminal, true),
  'kite.getPass': (text, terminal) => prompt(text, terminal, false),
  'kite.notify': (text) => notify(text),
  'kite.systemInfo': () => systemInfo(),
};

export function addSystemMethods(
  kite: MethodHost,
  methods: readonly SystemMethod[],
  terminal: TerminalStreams = { input: process.stdin, output: process.stdout },
): void {
  for (const name of methods) {
    const handler = handlers[name];
    kite.handle<unknown[]>(name, ({ args: [text] }) =>
      handler(typeof text === 'string' ? text : '', terminal),
    );
  }
}

export async function systemInfo(): Promise<SystemInfo> {
  const disk = await statfs('/');
  const kibibytes = (blocks: number): number => Math.round((blocks * disk.bsize) / 1024);
  return {
    state: 'RUNNING',
    diskUsage: kibibytes(disk.blocks - disk.bfree),
    diskTotal: kibibytes(disk.blocks),
    memoryUsage: os.totalmem() - os.freemem(),
    totalMemoryLimit: os.totalmem(),
    homeDir: os.homedir(),
    uname: `${os.type()} ${os.hostname()} ${os.release()} ${os.version()} ${os.machine()}`,
    loadAverage: os.loadavg(),
    processors: os.availableParallelism(),
  };
}

/** Prompts at the terminal. Control characters in the text of the peer are made visible. */
async function prompt(text: string, { input, output }: TerminalStreams, echo: boolean): Promise<string> {
  if (!input.isTTY) throw new KiteError('genericError', 'Cannot prompt: standard input is not a terminal');
  const [{ createInterface }, { Writable }, { TerminalInput }] = await Promise.all([
    import('node:readline/promises'),
    import('node:stream'),
    import('../../util/terminal-input.js'),
  ]);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const question = makeVisible(text);
  const keys = new TerminalInput(input, {
    redraw: () => (echo ? readline.prompt(true) : void output.write(question)),
  });
  const readline = createInterface({ input: keys, output: echo ? output : silent, terminal: true });
  try {
    if (!echo) output.write(question);
    return await readline.question(echo ? question : '');
  } finally {
    readline.close();
    keys.close();
    if (!echo) output.write('\n');
  }
}

/** Shows a notification. The text is a separate argument of the notifier, so that it cannot be run as a command. */
async function notify(text: string): Promise<null> {
  const script = 'on run argv\ndisplay notification (item 1 of argv) with title "kite"\nend run';
  const [command, args]: [string, string[]] =
    process.platform === 'darwin'
      ? ['osascript', ['-e', script, text]]
      : ['notify-send', ['--', 'kite', text]];
  // Loaded on demand, because they would slow down the start of every command.
  const [{ execFile }, { promisify }] = await Promise.all([
    import('node:child_process'),
    import('node:util'),
  ]);
  try {
    await promisify(execFile)(command, args, { timeout: 5000 });
  } catch (error) {
    const reason = errorCode(error) === 'ENOENT' ? `${command} is not installed` : `${command} failed`;
    throw new KiteError('genericError', `Cannot show the notification: ${reason}`, { cause: error });
  }
  return null;
}
