import type { DialErrorCode } from '../../errors/error-codes.js';
import { DialError, isDialError } from './dial-error.js';
import { toError } from '../../util/message-of.js';

const SOCKET_ERRORS: Readonly<Record<string, readonly [DialErrorCode, string]>> = {
  ECONNREFUSED: ['refused', 'connection refused. Start the kite, or check host and port.'],
  ENOTFOUND: ['notFound', 'unknown host name. Check its spelling, and the DNS.'],
  EAI_AGAIN: ['notFound', 'the host name could not be resolved. Check the network, then try again.'],
  EHOSTUNREACH: ['unreachable', 'no route to the host. Check the network.'],
  ENETUNREACH: ['unreachable', 'no route to its network. Check the network.'],
  ETIMEDOUT: ['timeout', 'the host does not respond. Check the address and the firewalls.'],
  ECONNRESET: ['reset', 'the server closed the connection. If it uses TLS, use https; if not, http.'],
  EPIPE: ['reset', 'the server closed the connection. If it uses TLS, use https; if not, http.'],
  EPROTO: ['tls', 'the server does not use TLS, or an unsupported version of it. Try http.'],
};

const CERTIFICATE_CODE = /CERT|SIGNATURE/;

/** Returns the DialError for an error of the socket, of TLS or of the HTTP parser. */
export function socketError(url: URL, cause: unknown): DialError {
  if (isDialError(cause)) return cause;
  const error = toError(cause);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const entry = SOCKET_ERRORS[/^ERR_(?:TLS|SSL)_(?!CERT)/.test(code) ? 'EPROTO' : code];
  if (entry) return new DialError(entry[0], url, `${entry[1]} (${code})`, { cause });
  if (CERTIFICATE_CODE.test(code)) {
    const hint =
      'If you know the owner of the certificate, trust its authority (`ca` or NODE_EXTRA_CA_CERTS).';
    return new DialError(
      'tls',
      url,
      `the certificate of the server is not trusted: ${error.message} (${code}). ${hint}`,
      {
        cause,
      },
    );
  }
  if (code.startsWith('HPE_')) {
    return new DialError('protocol', url, `not an HTTP server (${code}). Check the port.`, {
      cause,
    });
  }
  return new DialError('protocol', url, error.message, { cause });
}
