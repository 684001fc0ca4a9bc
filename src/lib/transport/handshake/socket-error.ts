import type { DialErrorCode } from '../../errors/error-codes.js';
import { DialError, isDialError } from './dial-error.js';

const SOCKET_ERRORS: Readonly<Record<string, readonly [DialErrorCode, string]>> = {
  ECONNREFUSED: ['refused', 'nothing listens there. Start the kite, or check host and port.'],
  ENOTFOUND: ['notFound', 'the host name is not known. Check how it is spelled, and the DNS.'],
  EAI_AGAIN: [
    'notFound',
    'the host name could not be looked up just now. Check the network, then try again.',
  ],
  EHOSTUNREACH: ['unreachable', 'there is no way to the host. Check the network.'],
  ENETUNREACH: ['unreachable', 'there is no way to its network. Check the network.'],
  ETIMEDOUT: ['timeout', 'the host does not answer. Check the address, and the firewalls on the way.'],
  ECONNRESET: ['reset', 'the other end hung up. If it speaks TLS, use https; if not, http.'],
  EPIPE: ['reset', 'the other end hung up. If it speaks TLS, use https; if not, http.'],
  EPROTO: ['tls', 'the other end does not speak TLS, or no version that is known here. Try http.'],
};

const CERTIFICATE_CODE = /CERT|SIGNATURE/;

/** What an error of the socket, of TLS or of the HTTP parser means. */
export function socketError(url: URL, cause: unknown): DialError {
  if (isDialError(cause)) return cause;
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known = SOCKET_ERRORS[/^ERR_(?:TLS|SSL)_(?!CERT)/.test(code) ? 'EPROTO' : code];
  if (known) return new DialError(known[0], url, `${known[1]} (${code})`, { cause });
  if (CERTIFICATE_CODE.test(code)) {
    const hint = 'Trust its authority (`ca`, or NODE_EXTRA_CA_CERTS) if you know whose certificate it is.';
    return new DialError('tls', url, `its certificate is not accepted: ${error.message} (${code}). ${hint}`, {
      cause,
    });
  }
  if (code.startsWith('HPE_')) {
    return new DialError('protocol', url, `what answers there is no HTTP server (${code}). Check the port.`, {
      cause,
    });
  }
  return new DialError('protocol', url, error.message, { cause });
}
