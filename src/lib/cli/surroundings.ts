import type { Readable, Writable } from 'node:stream';

/** Where a command writes to. `isTTY` and `columns` are there when it is a terminal. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Where a command reads from. `isTTY` is there when it is a terminal. */
export type Input = Readable & { readonly isTTY?: boolean };

/** Everything of the outside world that a command touches, passed in so that a test can be that world. */
export interface Surroundings {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Fires when the person wants the command to end. Its reason is the error to end with. */
  readonly signal: AbortSignal;
  /** Tells that this command will end by itself once `signal` fires, and succeed: a server that has to drain first. */
  endByItself(): void;
  /** Milliseconds of a clock that only goes forward, for measuring. */
  now(): number;
  /** The version of this program. */
  readonly version: string;
  /** Whether the person asked for no colours with `--no-color`. */
  readonly noColor: boolean;
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

/** Whether colours may be used on `output`: only on a terminal, and not when the person said no. */
export function mayColor(surroundings: Pick<Surroundings, 'env' | 'noColor'>, output: Output): boolean {
  if (surroundings.noColor || surroundings.env['NO_COLOR'] || surroundings.env['TERM'] === 'dumb')
    return false;
  return output.isTTY === true;
}
