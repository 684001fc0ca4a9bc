import { BrandedError, kindOf } from '../../errors/branded-error.js';
import type { CommandErrorType, KnownErrorType } from '../../errors/error-codes.js';
import { ExitCode } from './exit-codes.js';

export interface CliErrorOptions {
  /** One of `ExitCode`, or that of a program that ran in the place of this one. */
  readonly exitCode: number;
  /** What kind of error, for programs: the type of the kite's error, or one that only the command line has. */
  readonly type: CommandErrorType | KnownErrorType;
  /** Machine-readable code that the remote program gave. Default empty. */
  readonly code?: string | undefined;
  /** Id of the request that failed, from the kite that answered. Default empty. */
  readonly requestId?: string | undefined;
  /** What the person can do next. Default empty. */
  readonly hint?: string | undefined;
  /** What was being done, such as `calling "square" at http://localhost:3636/kite`. Default empty. */
  readonly operation?: string | undefined;
  readonly cause?: unknown;
}

/** A failure that the command line knows how to report: what failed, on what, why, and what to do next. */
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

  /** The same error, some of it said differently. */
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

/** Whether an error has its exit code and hint already. */
export function isCliError(error: unknown): error is CliError {
  return kindOf(error) === 'CliError';
}

/** The command line itself is wrong. */
export function usageError(message: string, hint?: string): CliError {
  return new CliError(message, { exitCode: ExitCode.usage, type: 'usage', hint });
}

/** A setting or a file that the command needs is missing or broken. */
export function configurationError(message: string, hint?: string, cause?: unknown): CliError {
  return new CliError(message, { exitCode: ExitCode.configuration, type: 'configuration', hint, cause });
}

/** There is no such kite, or it is not clear which is meant. */
export function notFound(message: string, hint: string): CliError {
  return new CliError(message, { exitCode: ExitCode.notFound, type: 'notFound', hint });
}

/** Ends with the exit code of a program that ran in the place of this one, and has said what there is to say. */
export function exitWith(exitCode: number): CliError {
  return new CliError(`Ended with exit code ${exitCode}.`, { exitCode, type: 'exit' });
}
