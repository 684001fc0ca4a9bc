import { deadlinePassed } from '../../kite/call/call-errors.js';
import { errorCode } from '../../util/error-code.js';
import { stackOf } from '../../util/message-of.js';
import {
  type ConfigurationError,
  isConfigurationError,
  isKiteError,
  type KiteError,
} from '../../protocol/errors.js';
import type { ConfigurationCode, KiteErrorCode, KnownErrorType } from '../../errors/error-codes.js';
import { isStorageError, type StorageError } from '../../kontrol/storage/shared/storage.js';
import { type DialError, isDialError, PATH_HINT } from '../../transport/handshake/dial-error.js';
import { CliError, isCliError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';

/** The operation that failed, for the message and the hint. */
export interface Operation {
  /** Such as `calling "square" at http://localhost:3636/kite`. */
  readonly description: string;
  readonly target?: string;
  /** Whether the target is a Kontrol. Default: false. */
  readonly toKontrol?: boolean;
  /** Whether the call carried a kite key. */
  readonly withKey?: boolean;
}

/**
 * Converts any error to a CliError with an exit code and a hint. Every reported error passes through this function, so this is
 * the only place that decides on them.
 */
export function toCliError(error: unknown, operation?: Operation): CliError {
  if (isCliError(error)) return error;
  // What a command does while a client connects, such as checking the peer, fails as the cause of an error of the client.
  if (isKiteError(error) && isCliError(error.cause)) return error.cause;
  if (isConfigurationError(error)) return fromConfigurationError(error);
  if (isKiteError(error)) return fromKiteError(error, operation);
  if (isStorageError(error)) return fromStorageError(error);
  if (isDialError(error)) return fromDialError(error, operation);
  const message = stackOf(error);
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
    // A kite can define its own types.
    type: error.type as KnownErrorType,
    code: error.code,
    requestId: error.id,
    hint,
    operation: operation?.description,
    cause: error,
  });
}

function classifyKiteError(error: KiteError, operation: Operation | undefined): Classification {
  const { remoteError, authentication, noSuchMethod, rateLimit, deadline, unreachable, usage } = ExitCode;
  const byCode = BY_CODE.get(error.code);
  if (byCode) return byCode;
  switch (error.type) {
    case 'authenticationError':
      return { exitCode: authentication, hint: authenticationHint(error, operation) };
    case 'methodNotFound':
      return { exitCode: noSuchMethod, hint: methodsHint(operation) };
    case 'requestLimitError':
      return { exitCode: rateLimit, hint: 'Wait a moment and try again.' };
    default:
  }
  const timedOut: Classification = {
    exitCode: deadline,
    hint: `Increase the timeout with --timeout 60s, or disable it with --timeout 0.${withoutKeyHint(operation)}`,
  };
  // The kite knows the timeout of the call, and may be the first to report it.
  if (error.type === 'timeout' && error.message === deadlinePassed().message) return timedOut;
  // An error with an id comes from the kite. The errors below are those of this program, which have no id.
  if (error.id !== '') return { exitCode: remoteError };
  switch (error.type) {
    case 'timeout':
      return timedOut;
    case 'argumentError':
      return { exitCode: usage, ...(UNSENDABLE.test(error.message) && { hint: UNSENDABLE_HINT }) };
    case 'sendError':
      return { exitCode: unreachable, hint: 'Send less data in one call.' };
    case 'disconnect':
      return isDialError(error.cause)
        ? classifyDialError(error.cause, operation)
        : { exitCode: unreachable, hint: 'Try again.' };
    default:
      return { exitCode: remoteError };
  }
}

/** The error of an argument that a kite of another implementation cannot receive. */
const UNSENDABLE = /: a \w+ cannot be sent to this peer$/;

const UNSENDABLE_HINT =
  'This kite takes JSON only: send a text file with @text:PATH. What a kite speaks is shown by: kitectl describe -o wide';

/** The errors whose code decides, whatever their type is. */
const BY_CODE: ReadonlyMap<string, Classification> = new Map(
  Object.entries({
    tooManyKites: {
      exitCode: ExitCode.remoteError,
      hint: 'List fewer kites: kitectl query /USER/ENVIRONMENT/NAME',
    },
    unknownKeyPair: {
      exitCode: ExitCode.notFound,
      hint: 'List the key pairs with: kitectl kontrol keys list',
    },
    unknownUser: { exitCode: ExitCode.notFound, hint: 'List the users with: kitectl kontrol users list' },
    userLimit: {
      exitCode: ExitCode.rateLimit,
      hint: 'The operator of Kontrol can increase the limit: kitectl kontrol start --limit NAME=VALUE',
    },
  } satisfies Partial<Record<KiteErrorCode | ConfigurationCode, Classification>>),
);

/** A server of kite.js does not respond to a call with a kite key. */
function withoutKeyHint(operation: Operation | undefined): string {
  const { withKey = false, toKontrol = false } = operation ?? {};
  return withKey && !toKontrol ? ' If it is a server of kite.js, call it with --auth none.' : '';
}

/** Codes of errors that another kite key resolves. */
export const REPLACE_KEY: ReadonlySet<string> = new Set<KiteErrorCode>([
  'keyPairRevoked',
  'kiteKeyExpired',
  'kiteKeyRevoked',
]);

function authenticationHint({ code }: KiteError, operation: Operation | undefined): string {
  if (REPLACE_KEY.has(code)) return 'Get a new kite key with an invite: kitectl register --force';
  // A failure outside of an operation is that of a kite which a command runs, such as its registration. It sends its kite key.
  if (!operation || operation.withKey === true) return 'Show the user of your kite key with: kitectl showkey';
  return `No kite key was sent. Add --auth kite-key to send yours to ${operation.target ?? 'this kite'}.`;
}

/** What to do if a server does not offer what every Kontrol does. */
export const NOT_KONTROL_HINT = 'Check that it is the URL of a Kontrol: kitectl config explain';

function methodsHint(operation: Operation | undefined): string {
  if (operation?.toKontrol === true) return NOT_KONTROL_HINT;
  const target = operation?.target;
  return `List its methods with: kitectl describe${target === undefined ? '' : ` --to ${target}`}`;
}

/** Classifies a failure to connect. */
function classifyDialError(error: DialError, operation: Operation | undefined): Classification {
  const { code, status, hint } = error;
  const { notFound, unreachable, usage } = ExitCode;
  if (code === 'proxy') return { exitCode: unreachable, hint };
  // The library does not look at the path, to keep pages small.
  if (status === 404 || hint === PATH_HINT) {
    const exitCode = status === 404 ? notFound : unreachable;
    return { exitCode, hint: error.url.endsWith('/kite') ? 'Check the URL.' : hint };
  }
  if (status === 400 && /^(?:https|wss):/.test(error.url))
    return { exitCode: unreachable, hint: TLS_REFUSED_HINT };
  if (status === 403) return { exitCode: unreachable, hint: HOST_REJECTED_HINT };
  if (code === 'invalidUrl') return { exitCode: usage, hint };
  return { exitCode: unreachable, hint: operation?.toKontrol && code === 'refused' ? KONTROL_HINT : hint };
}

/** Converts a dial error that did not come from a client. */
function fromDialError(error: DialError, operation: Operation | undefined): CliError {
  const { exitCode, hint } = classifyDialError(error, operation);
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

/** Converts an error whose message names the store and the reason. Commands that open a store add the hint. */
function fromStorageError(error: StorageError): CliError {
  const unavailable = error.code === 'unavailable';
  return new CliError(error.message, {
    exitCode: unavailable ? ExitCode.unreachable : ExitCode.configuration,
    type: 'storage',
    code: error.code,
    cause: error,
  });
}

/** What to do if Kontrol does not accept connections. */
export const KONTROL_HINT = 'Start Kontrol, or check its URL: kitectl config explain';

const HOST_REJECTED_HINT =
  'A kite that listens on a loopback address accepts only loopback names, such as localhost. Allow others with --allow-host ' +
  'NAME of serve and kontrol start, or with KITE_ALLOWED_HOSTS.';

/** nginx answers 400 to a client that has no certificate. */
const TLS_REFUSED_HINT =
  'Check the URL. If the server requires a certificate of the client, set one with --cert and --key.';

const CONFIGURATION_HINTS: Readonly<Partial<Record<ConfigurationCode, string>>> = {
  keyFileMissing: 'Choose another file with --key-file.',
  keyFileUnreadable: 'Choose another file with --key-file.',
  badKiteKey: 'Choose another file with --key-file.',
  fileExists: 'Overwrite it with --force.',
  notWritable: 'Check its permissions and those of its folder.',
};

/** Hints for a file that cannot be written because of a system error that permissions do not resolve. */
const UNWRITABLE_HINTS: Readonly<Record<string, string>> = {
  EROFS: 'Choose a folder that can be written; KITE_HOME sets that of keys and contexts.',
  ENOSPC: 'Free some space on the disk.',
};

function fromConfigurationError(error: ConfigurationError): CliError {
  const unwritable =
    error.code === 'notWritable' ? UNWRITABLE_HINTS[errorCode(error.cause) ?? ''] : undefined;
  const hint = unwritable ?? CONFIGURATION_HINTS[error.code];
  return new CliError(error.message, {
    exitCode: ExitCode.configuration,
    type: 'configuration',
    code: error.code,
    hint,
    cause: error,
  });
}
