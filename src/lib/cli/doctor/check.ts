import { isKiteError } from '../../protocol/errors.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { isCliError } from '../runtime/cli-error.js';
import { toCliError } from '../frame/failures.js';

export type Verdict = 'ok' | 'warning' | 'failed' | 'skipped';

/** What was looked at, and what was found. */
export interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  readonly detail: string;
  /** What the person can do; empty where there is nothing to be done. */
  readonly hint: string;
  /** What the command ends with, should this be the first that failed. */
  readonly exitCode: number;
}

export function ok(check: string, detail: string): Finding {
  return { check, verdict: 'ok', detail, hint: '', exitCode: ExitCode.ok };
}

export function warning(check: string, detail: string, hint: string): Finding {
  return { check, verdict: 'warning', detail, hint, exitCode: ExitCode.ok };
}

export function skipped(check: string, detail: string): Finding {
  return { check, verdict: 'skipped', detail, hint: '', exitCode: ExitCode.ok };
}

export function failed(check: string, detail: string, hint: string, exitCode: number): Finding {
  return { check, verdict: 'failed', detail, hint, exitCode };
}

/** The finding of a check that threw; what is no failure of the world is thrown on. */
export function fromError(check: string, error: unknown): Finding {
  if (!isCliError(error) && !isKiteError(error)) throw error;
  const { message, hint, exitCode } = toCliError(error);
  return failed(check, message, hint, exitCode);
}
