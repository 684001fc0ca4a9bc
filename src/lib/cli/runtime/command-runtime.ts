import type { Readable, Writable } from 'node:stream';
import { resolveSetting } from '../../kite/config/resolve-setting.js';
import type { Clock } from '../../util/clock.js';
import { type ColorChoice, colorSetting } from './color-setting.js';

/** Where a command writes to. `isTTY` and `columns` are there when it is a terminal. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Where a command reads from. `isTTY` is there when it is a terminal. */
export type Input = Readable & { readonly isTTY?: boolean };

/** Everything of the outside world that a command touches, passed in so that a test can be that world. */
export interface CommandRuntime {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Fires when the person wants the command to end. Its reason is the error to end with. */
  readonly signal: AbortSignal;
  /** Tells that this command will end by itself once `signal` fires, and succeed: a server that has to drain first. */
  deferExit(): void;
  /** Tells that much will pass through this process: its memory should stay small rather than grow with the garbage. */
  reduceMemoryUse(): void;
  /** Milliseconds of a clock that only goes forward, for measuring. */
  now(): number;
  /** The version of this program. */
  readonly version: string;
  readonly color: ColorChoice;
  /** Whether the person must not be asked anything, though there is a terminal. */
  readonly noInput: boolean;
  /** Time, for what is shown only when something takes long. */
  readonly clock: Clock;
}

/** Writes, and waits until the reader has taken enough to go on. */
export async function write(output: Output, text: string): Promise<void> {
  if (output.write(text)) return;
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

/**
 * Whether colours may be used on `output`. The flag counts most, then `FORCE_COLOR`, then `NO_COLOR`; without any of them
 * it is on terminals only.
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

/** Whether there is a person at a terminal who may be asked. */
export function canPrompt({
  stdin,
  stderr,
  noInput,
}: Pick<CommandRuntime, 'stdin' | 'stderr' | 'noInput'>): boolean {
  return !noInput && stdin.isTTY === true && stderr.isTTY === true;
}
