import {
  CERTIFICATE_HINT,
  CLIENT_CERTIFICATE_HINT,
  CLOSED_HINT,
  HOST_NAME_HINT,
  NETWORK_HINT,
  OTHER_HOST_HINT,
  PORT_HINT,
  REFUSED_HINT,
  SCHEME_HINT,
  TIMEOUT_HINT,
  VALIDITY_HINT,
} from '../../errors/dial-hints.js';
import type { DialErrorCode } from '../../errors/error-codes.js';
import { DialError, isDialError } from './dial-error.js';
import { DESCRIPTORS_HINT } from '../../util/descriptors.js';
import { toError } from '../../util/message-of.js';
import { errorCode } from '../../util/error-code.js';

/** Why a connection failed. */
interface SocketErrorEntry {
  readonly code: DialErrorCode;
  readonly reason: string;
  readonly hint: string;
}

const CLOSED = { code: 'reset', reason: 'the server closed the connection', hint: CLOSED_HINT } as const;

const TOO_MANY_FILES = {
  code: 'tooManyFiles',
  reason: 'this process has too many open files',
  hint: DESCRIPTORS_HINT,
} as const;

const SOCKET_ERRORS: Readonly<Record<string, SocketErrorEntry>> = {
  ECONNREFUSED: { code: 'refused', reason: 'connection refused', hint: REFUSED_HINT },
  ENOTFOUND: { code: 'notFound', reason: 'unknown host name', hint: HOST_NAME_HINT },
  EAI_AGAIN: { code: 'notFound', reason: 'the host name could not be resolved', hint: NETWORK_HINT },
  EHOSTUNREACH: { code: 'unreachable', reason: 'no route to the host', hint: NETWORK_HINT },
  ENETUNREACH: { code: 'unreachable', reason: 'no route to its network', hint: NETWORK_HINT },
  ETIMEDOUT: { code: 'timeout', reason: 'the host does not respond', hint: TIMEOUT_HINT },
  ECONNRESET: CLOSED,
  EPIPE: CLOSED,
  EMFILE: TOO_MANY_FILES,
  ENFILE: TOO_MANY_FILES,
  EPROTO: {
    code: 'tls',
    reason: 'the server does not use TLS, or an unsupported version of it',
    hint: SCHEME_HINT,
  },
};

/** The alerts with which a server rejects the certificate of a client, or the lack of one. */
const CLIENT_CERTIFICATE_ALERT =
  /^ERR_SSL_(?:TLS|SSL)V\d+_ALERT_(?:ACCESS_DENIED|BAD_CERTIFICATE|CERTIFICATE_(?:EXPIRED|REQUIRED|REVOKED|UNKNOWN)|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE)$/;

const CERTIFICATE_CODE = /CERT|SIGNATURE/;

const CERTIFICATE_HINTS: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: OTHER_HOST_HINT,
  CERT_HAS_EXPIRED: VALIDITY_HINT,
  CERT_NOT_YET_VALID: VALIDITY_HINT,
};

/** Returns what to do about a certificate that Node has rejected with this code. Trusting it helps only against some. */
export function certificateHint(code: string, trustHint = CERTIFICATE_HINT): string {
  return CERTIFICATE_HINTS[code] ?? trustHint;
}

/** Returns the DialError for an error of the socket, of TLS or of the HTTP parser. */
export function socketError(url: URL, cause: unknown): DialError {
  if (isDialError(cause)) return cause;
  const { code, reason, hint } = describeSocketError(cause);
  return new DialError(code, url, reason, { cause, hint });
}

/** Describes an error of the socket, of TLS or of the HTTP parser. `hint` is empty if there is no advice. */
export function describeSocketError(cause: unknown): SocketErrorEntry {
  const error = toError(cause);
  const code = errorCode(error) ?? '';
  if (CLIENT_CERTIFICATE_ALERT.test(code)) {
    const reason = `the server requires a certificate of the client, or rejects that of this one (${code})`;
    return { code: 'tls', reason, hint: CLIENT_CERTIFICATE_HINT };
  }
  const entry = SOCKET_ERRORS[/^ERR_(?:TLS|SSL)_(?!CERT)/.test(code) ? 'EPROTO' : code];
  if (entry) return { ...entry, reason: `${entry.reason} (${code})` };
  if (isCertificateError(error)) {
    const reason = `the certificate of the server is not trusted: ${error.message} (${code})`;
    return { code: 'tls', reason, hint: certificateHint(code) };
  }
  if (code.startsWith('HPE_')) {
    return { code: 'protocol', reason: `not an HTTP server (${code})`, hint: PORT_HINT };
  }
  return { code: 'protocol', reason: error.message, hint: '' };
}

/** Whether the cause of an error is a certificate that is not trusted. */
export function isCertificateError(error: unknown): boolean {
  return CERTIFICATE_CODE.test(errorCode(error) ?? '');
}
