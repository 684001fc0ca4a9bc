import { DialError, isDialError } from '../handshake/dial-error.js';
import { describeProxy, type ForwardProxy } from '../handshake/forward-proxy.js';
import { basicCredentials } from '../handshake/url-credentials.js';
import { describeSocketError, isCertificateError } from '../handshake/socket-error.js';

/** The response of a proxy that does not forward a request or open a tunnel. */
export interface ProxyRefusal {
  readonly status: number;
  /** The header `Proxy-Authenticate`. */
  readonly authenticate: string;
}

/** Returns the error for a proxy that cannot be reached, or that closes the connection without a response. */
export function unusableProxyError(proxy: ForwardProxy, target: URL, cause: unknown): DialError {
  if (isDialError(cause)) return cause;
  const { code, reason } = describeSocketError(cause);
  const hint = isCertificateError(cause)
    ? 'Trust its certificate authority with NODE_EXTRA_CA_CERTS, if you know its owner.'
    : code === 'tls'
      ? `Write http:// in ${proxy.variable} if the proxy does not use TLS.`
      : undefined;
  return proxyError(proxy, target, `cannot be used: ${reason}`, { cause, hint });
}

/** Returns the error for the response of a proxy. */
export function refusalError(proxy: ForwardProxy, target: URL, refusal: ProxyRefusal): DialError {
  const { status } = refusal;
  if (status === 407) return credentialsError(proxy, target, refusal);
  if (status === 502 || status === 503 || status === 504) {
    const hint = `Check the URL. If this machine reaches ${target.hostname} directly, add it to NO_PROXY.`;
    return proxyError(proxy, target, `cannot connect to it (HTTP ${status})`, { status, hint });
  }
  const hint = `Ask its administrator to allow connections to ${target.host}, or add ${target.hostname} to NO_PROXY if this machine reaches it directly.`;
  return proxyError(proxy, target, `does not allow the connection (HTTP ${status})`, { status, hint });
}

function credentialsError(
  proxy: ForwardProxy,
  target: URL,
  { status, authenticate }: ProxyRefusal,
): DialError {
  const schemes = authenticate.split(',').map((challenge) => challenge.trim().split(/\s/)[0] ?? '');
  const isBasic = authenticate === '' || schemes.some((scheme) => /^basic$/i.test(scheme));
  if (!isBasic) {
    const reason = `requires a type of authentication that is not supported (HTTP ${status}); only Basic is supported`;
    return proxyError(proxy, target, reason, { status, hint: 'Use a local proxy that authenticates to it.' });
  }
  if (basicCredentials(proxy.url) !== undefined) {
    const hint = `Correct them in ${proxy.variable}. Encode special characters, such as %40 for @.`;
    return proxyError(proxy, target, `rejects its credentials (HTTP ${status})`, { status, hint });
  }
  const { protocol, host } = proxy.url;
  const hint = `Add them to ${proxy.variable}: ${protocol}//USER:PASSWORD@${host}`;
  return proxyError(proxy, target, `requires credentials (HTTP ${status})`, { status, hint });
}

/** Returns the error for a proxy that fails. `problem` completes the sentence that begins with the proxy. */
export function proxyError(
  proxy: ForwardProxy,
  target: URL,
  problem: string,
  options: { readonly cause?: unknown; readonly status?: number; readonly hint?: string | undefined } = {},
): DialError {
  const hint = options.hint ?? checkHint(proxy, target);
  return new DialError('proxy', target, `${describeProxy(proxy)} ${problem}`, { ...options, hint });
}

function checkHint({ variable }: ForwardProxy, { hostname }: URL): string {
  return `Check ${variable}, or add ${hostname} to NO_PROXY if this machine reaches it directly.`;
}

/** Returns an error of a connection through a proxy, with the proxy, so that its reader does not search elsewhere. */
export function throughProxy(error: unknown, proxy: ForwardProxy, target: URL): unknown {
  if (!isDialError(error) || error.code === 'proxy' || error.code === 'aborted') return error;
  const { code, status, hint, cause, message } = error;
  const reason = message.slice(message.indexOf(': ') + 2);
  return new DialError(code, target, `${reason}, through ${describeProxy(proxy)}`, {
    cause,
    hint,
    ...(status !== undefined && { status }),
  });
}
