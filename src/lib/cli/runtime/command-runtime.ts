import type { Readable, Writable } from 'node:stream';
import { resolveSetting } from '../../kite/config/resolve-setting.js';
import type { Clock } from '../../util/clock.js';
import { type ColorChoice, colorSetting } from './color-setting.js';
import type { InstanceLink } from './instance-link.js';

/** An output stream of a command. `isTTY` and `columns` are set if it is a terminal. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** The input stream of a command. `isTTY` is set if it is a terminal. */
export type Input = Readable & { readonly isTTY?: boolean };

/** What the signals of a server do. The functions must not throw. */
export interface ServerSignals {
  /** Called on SIGHUP, unless the process has a terminal. SIGHUP then means that it was closed, and ends the command. */
  readonly reload: () => void;
  /** Called on SIGUSR2. */
  readonly toggleDebug: () => void;
}

/** The process environment of a command: streams, variables, signals and time. Tests pass their own. */
export interface CommandRuntime {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by a signal that ends the command, and if stdout fails. Its reason is the error to exit with. */
  readonly signal: AbortSignal;
  /** Lets the command exit on its own after `signal` is aborted, so that a server can shut down gracefully. */
  deferExit(): void;
  /** Leaves all signals to the command, which handles them itself. */
  leaveSignals(): void;
  /** Sets what the signals of a server do that do not end it. */
  onServerSignals(listeners: ServerSignals): void;
  /** Sets what happens before a second signal ends the process. It must be fast. */
  beforeForcedExit(work: () => Promise<void>): void;
  /** Set if this process is an instance of `serve --instances`. */
  readonly instance?: InstanceLink | undefined;
  /** Makes the garbage collector favor low memory use over speed, for commands that process much data. */
  reduceMemoryUse(): void;
  /** Makes the garbage collector run before garbage takes as much as the live objects, for servers with large responses. */
  limitGarbage(): void;
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /** Version of kitectl. */
  readonly version: string;
  readonly color: ColorChoice;
  /** Whether prompts are disabled. */
  readonly noInput: boolean;
  /** Clock for timers. */
  readonly clock: Clock;
}

/** Writes text or bytes, and resolves when the stream can take more. */
export async function write(output: Output, content: string | Uint8Array): Promise<void> {
  if (output.write(content)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      output.off('drain', done);
      output.off('close', done);
      resolve();
    };
    output.on('drain', done);
    output.on('close', done);
  });
}

/** Length of the pieces that are written together, in UTF-16 units. */
const WRITE_LENGTH = 64 * 1024;

/** Writes pieces. Makes each piece only when the stream can take it, and resolves when the stream can take more. */
export async function writePieces(output: Output, pieces: Iterable<string | Uint8Array>): Promise<void> {
  let text = '';
  for (const piece of pieces) {
    if (typeof piece !== 'string') {
      await write(output, text);
      await write(output, piece);
      text = '';
      continue;
    }
    text += piece;
    if (text.length < WRITE_LENGTH) continue;
    await write(output, text);
    text = '';
  }
  if (text !== '') await write(output, text);
}

/**
 * Whether to use colors on `output`. The flag takes precedence over `FORCE_COLOR`, and that over `NO_COLOR`. By default, colors
 * are used on terminals.
 */
export function canColor({ color, env }: Pick<CommandRuntime, 'env' | 'color'>, output: Output): boolean {
  const flag = color === 'auto' ? undefined : color;
  const resolution = resolveSetting(colorSetting, {
    explicit: { source: { type: 'flag', name: '--color' }, value: flag },
    env,
  });
  const choice = resolution.type === 'resolved' ? resolution.value : 'auto';
  if (choice !== 'auto') return choice === 'always';
  return env['TERM'] !== 'dumb' && output.isTTY === true;
}

/** Whether the command can prompt: stdin and stderr are terminals, and prompts are not disabled. */
export function canPrompt({
  stdin,
  stderr,
  noInput,
}: Pick<CommandRuntime, 'stdin' | 'stderr' | 'noInput'>): boolean {
  return !noInput && stdin.isTTY === true && stderr.isTTY === true;
}

/** Returns a runtime for a part of a command, in which some values are others, such as a signal that ends the part. */
export function runtimeWith(
  runtime: CommandRuntime,
  changes: Partial<Pick<CommandRuntime, 'signal' | 'env'>>,
): CommandRuntime {
  // A runtime opens its streams on first use, so their values cannot be copied.
  return new Proxy(runtime, {
    get: (target, name) => {
      const source = Object.hasOwn(changes, name) ? changes : target;
      const value: unknown = Reflect.get(source, name, source);
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  });
}
