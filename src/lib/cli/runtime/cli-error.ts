import { BrandedError, kindOf } from '../../errors/branded-error.js';
import type { CommandErrorType, KnownErrorType } from '../../errors/error-codes.js';
import { ExitCode } from './exit-codes.js';

export interface CliErrorOptions {
  /** One of `ExitCode`, or the exit code of a program that the command ran. */
  readonly exitCode: number;
  /** The type of the error: one of a KiteError, or one that only the command line uses. */
  readonly type: CommandErrorType | KnownErrorType;
  /** Machine-readable code. Default: empty. */
  readonly code?: string | undefined;
  /** Id of the failed request, assigned by the remote kite. Default: empty. */
  readonly requestId?: string | undefined;
  /** What the user can do, in the imperative. Default: empty. */
  readonly hint?: string | undefined;
  /** The operation that failed, such as `calling "square" at http://localhost:3636/kite`. Default: empty. */
  readonly operation?: string | undefined;
  readonly cause?: unknown;
}

/** A failure of a command, with its exit code, the operation that failed, the reason and a hint. */
export class CliError extends BrandedError {
  readonly exitCode: number;
  declare readonly type: CommandErrorType | KnownErrorType;
  readonly code: string;
  readonly requestId: string;
  readonly hint: string;
  readonly operation: string;

  constructor(message: string, options: CliErrorOptions) {
    super('CliError', message, options.cause);
    this.exitCode = options.exitCode;
    this.type = options.type;
    this.code = options.code ?? '';
    this.requestId = options.requestId ?? '';
    this.hint = options.hint ?? '';
    this.operation = options.operation ?? '';
  }

  /** Returns a copy of the error with the given changes. */
  with(changes: Partial<CliErrorOptions>): CliError {
    const { exitCode, type, code, requestId, hint, operation, cause } = this;
    return new CliError(this.message, {
      exitCode,
      type,
      code,
      requestId,
      hint,
      operation,
      cause,
      ...changes,
    });
  }
}

/** Whether an error is a CliError, also if it comes from another bundle. */
export function isCliError(error: unknown): error is CliError {
  return kindOf(error) === 'CliError';
}

/** Returns the error for an incorrect command line. */
export function usageError(message: string, hint?: string): CliError {
  return new CliError(message, { exitCode: ExitCode.usage, type: 'usage', hint });
}

/** Returns the error for a setting or file that is missing or invalid. */
export function configurationError(message: string, hint?: string, cause?: unknown): CliError {
  return new CliError(message, { exitCode: ExitCode.configuration, type: 'configuration', hint, cause });
}

/** Returns the error for a kite that does not exist, or for an ambiguous target. */
export function notFound(message: string, hint: string): CliError {
  return new CliError(message, { exitCode: ExitCode.notFound, type: 'notFound', hint });
}

/** Returns an error that only sets the exit code: the failure has already been reported. */
export function exitWith(exitCode: number): CliError {
  return new CliError(`Exited with code ${exitCode}.`, { exitCode, type: 'exit' });
}
