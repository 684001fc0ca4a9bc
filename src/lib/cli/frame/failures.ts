import {
  type ConfigurationError,
  isConfigurationError,
  isKiteError,
  type KiteError,
} from '../../protocol/errors.js';
import type { ConfigurationCode, KnownErrorType } from '../../errors/error-codes.js';
import { isStorageError, type StorageError } from '../../kontrol/storage/shared/storage.js';
import { type DialError, isDialError } from '../../transport/handshake/dial-error.js';
import { CliError, isCliError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';

/** What was being done when something failed: for the message, and for advice that fits. */
export interface Operation {
  readonly description: string;
  readonly target?: string;
  /** Whether the call carried a kite key. */
  readonly withKey?: boolean;
}

/**
 * Every error that reaches the person goes through here, so that its exit code and its advice are decided in one place.
 */
export function toCliError(error: unknown, operation?: Operation): CliError {
  if (isCliError(error)) return error;
  if (isConfigurationError(error)) return fromConfigurationError(error);
  if (isKiteError(error)) return fromKiteError(error, operation);
  if (isStorageError(error)) return fromStorageError(error);
  if (isDialError(error)) return fromDialError(error, operation);
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new CliError(message, {
    exitCode: ExitCode.remoteError,
    type: 'internal',
    operation: operation?.description,
    hint: 'This is a bug of kitectl. Please report it with the lines above.',
    cause: error,
  });
}

interface Classification {
  readonly exitCode: ExitCode;
  readonly hint?: string;
}

function fromKiteError(error: KiteError, operation: Operation | undefined): CliError {
  const { exitCode, hint } = classifyKiteError(error, operation);
  return new CliError(error.message, {
    exitCode,
    // The remote program may have types of its own.
    type: error.type as KnownErrorType,
    code: error.code,
    requestId: error.id,
    hint,
    operation: operation?.description,
    cause: error,
  });
}

function classifyKiteError(error: KiteError, operation: Operation | undefined): Classification {
  const { remoteError, authentication, noSuchMethod, rateLimit, deadline, unreachable } = ExitCode;
  switch (error.type) {
    case 'authenticationError':
      return { exitCode: authentication, hint: authenticationHint(operation) };
    case 'methodNotFound':
      return { exitCode: noSuchMethod, hint: `Check the spelling: the kite has no method of this name.` };
    case 'requestLimitError':
      return { exitCode: rateLimit, hint: 'Wait a moment and try again.' };
    default:
  }
  // What follows is made on this side; with an id it is an error that the remote method passed on, with the same type.
  if (error.id !== '') return { exitCode: remoteError };
  switch (error.type) {
    case 'timeout':
      return {
        exitCode: deadline,
        hint: 'Give it longer with --timeout 60s, or --timeout 0 to wait for ever.',
      };
    case 'sendError':
      return { exitCode: unreachable, hint: 'Send less in one call.' };
    case 'disconnect':
      return isDialError(error.cause)
        ? classifyDialError(error.cause)
        : { exitCode: unreachable, hint: 'The connection dropped: try again.' };
    default:
      return { exitCode: remoteError };
  }
}

function authenticationHint(operation: Operation | undefined): string {
  if (operation?.withKey === true) return 'See who you are for other kites with: kitectl showkey';
  return `The call carried no kite key. Add --auth kite-key to send yours to ${operation?.target ?? 'this kite'}.`;
}

/** What is known of a connection that was never made. The message says why, and what to check. */
function classifyDialError({ code, status }: DialError): Classification {
  if (status === 404) return { exitCode: ExitCode.notFound };
  if (status === 403) return { exitCode: ExitCode.unreachable, hint: HOST_REJECTED_HINT };
  return { exitCode: code === 'invalidUrl' ? ExitCode.usage : ExitCode.unreachable };
}

/** A dial error that no client has turned into the error of its kite. */
function fromDialError(error: DialError, operation: Operation | undefined): CliError {
  const { exitCode, hint } = classifyDialError(error);
  const { message, code } = error;
  return new CliError(message, {
    exitCode,
    type: 'disconnect',
    code,
    hint,
    operation: operation?.description,
    cause: error,
  });
}

/** The message says which store, and why it cannot be used. */
function fromStorageError(error: StorageError): CliError {
  const unavailable = error.code === 'unavailable';
  return new CliError(error.message, {
    exitCode: unavailable ? ExitCode.unreachable : ExitCode.configuration,
    type: 'storage',
    code: error.code,
    hint: unavailable
      ? 'See that the store runs and that its settings are right, or choose another with --storage.'
      : 'Choose another store with --storage.',
    cause: error,
  });
}

const HOST_REJECTED_HINT =
  "A kite that listens at loopback goes by other names than localhost only where it is told to: with serve and Kontrol's " +
  '--allow-host NAME, or KITE_ALLOWED_HOSTS.';

const CONFIGURATION_HINTS: Readonly<Partial<Record<ConfigurationCode, string>>> = {
  keyFileMissing: 'Name another file with --key-file.',
  keyFileUnreadable: 'Name another file with --key-file.',
  badKiteKey: 'Name another file with --key-file, or get a new key with: kitectl register.',
  fileExists: 'Overwrite with --force, or choose another folder with --out DIR.',
  notWritable: 'Choose another folder with --out DIR.',
};

function fromConfigurationError(error: ConfigurationError): CliError {
  const hint = CONFIGURATION_HINTS[error.code];
  return new CliError(error.message, {
    exitCode: ExitCode.configuration,
    type: 'configuration',
    code: error.code,
    hint,
    cause: error,
  });
}
