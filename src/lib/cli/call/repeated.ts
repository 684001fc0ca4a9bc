import { Backoff } from '../../util/backoff.js';
import { formatDuration } from '../../util/duration.js';
import { makeVisible } from '../../util/make-visible.js';
import { messageOf } from '../../util/message-of.js';
import { isCliError } from '../runtime/cli-error.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { pause } from '../runtime/pause.js';
import { canRepeat } from '../target/with-connection.js';

/** How often a failed call is made again, with `--retry` and `--idempotent`. */
export interface Repetition {
  /** Maximum number of times that the call is made again. Default: 0. */
  readonly retries?: number;
  /** Whether a call that may have run is made again. Default: false. */
  readonly idempotent?: boolean;
  /** Whether what has happened since allows that. Default: always. */
  readonly mayRepeat?: () => boolean;
  /** Writes a line about a delay, on a terminal. Default: to stderr. */
  readonly say?: (line: string) => void;
}

/**
 * Runs `attempt`, and again with increasing delays if its call has certainly not run: no kite was found, none could be reached, or
 * it shut down. With `idempotent`, also if the connection was lost during the call, or if it timed out.
 */
export async function repeated<Result>(
  { retries = 0, idempotent = false, mayRepeat = () => true, say }: Repetition,
  { signal, stderr }: Pick<CommandRuntime, 'signal' | 'stderr'>,
  attempt: () => Promise<Result>,
): Promise<Result> {
  const backoff = new Backoff();
  const write = say ?? ((line: string): void => void stderr.write(`${line}\n`));
  for (let left = retries; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left <= 0 || signal.aborted || !hasToRepeat(error, idempotent) || !mayRepeat()) throw error;
      const delay = Math.round(backoff.next());
      // A script gets the last failure only.
      if (stderr.isTTY === true) {
        const reason = makeVisible(messageOf(error)).replace(/\.$/, '');
        write(`warning: ${reason}. Trying again in ${formatDuration(delay)}.`);
      }
      await pause(delay, signal);
    }
  }
}

function hasToRepeat(error: unknown, idempotent: boolean): boolean {
  if (canRepeat(error, idempotent)) return true;
  if (!isCliError(error)) return false;
  return error.code === 'noKite' || (idempotent && error.exitCode === ExitCode.deadline);
}
