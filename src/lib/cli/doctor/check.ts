import { isDialError } from '../../transport/handshake/dial-error.js';
import { isKiteError } from '../../protocol/errors.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { isCliError } from '../runtime/cli-error.js';
import { toCliError } from '../frame/failures.js';

export type Verdict = 'ok' | 'warning' | 'failed' | 'skipped';

/** The result of one check. */
export interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  readonly detail: string;
  /** How to fix the problem; empty if there is none. */
  readonly hint: string;
  /** The exit code of the command if this is the first check that failed. */
  readonly exitCode: number;
}

/** The result of connecting to Kontrol. */
export interface ConnectionFinding {
  readonly finding: Finding;
  /** The URL of the connection, which has a path. Default: that of the settings. */
  readonly url?: string;
  /** False if the server is another kite. True if the connection failed, because nothing is known then. */
  readonly isKontrol: boolean;
  /** The code of the error, if the connection failed. */
  readonly code?: string;
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

/** Converts the error of a check to a finding. Rethrows programming errors. */
export function fromError(check: string, error: unknown): Finding {
  if (!isCliError(error) && !isDialError(error) && !isKiteError(error)) throw error;
  const { message, hint, exitCode } = toCliError(error);
  return failed(check, message, hint, exitCode);
}
