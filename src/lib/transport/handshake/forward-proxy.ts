/** A proxy through which connections leave this network. It is not one of the proxies that kites register with. */
export interface ForwardProxy {
  /** With the scheme `http`, `https`, `socks4`, `socks4a`, `socks5` or `socks5h`. May contain credentials. */
  readonly url: URL;
  /** The environment variable that names it. */
  readonly variable: string;
}

/**
 * Returns the proxy of connections to a URL. Undefined means a direct connection. Throws a DialError if the variable has a value
 * that is not accepted.
 */
export type FindProxy = (target: URL) => ForwardProxy | undefined;

/** Finds no proxy. */
export const noProxy: FindProxy = () => undefined;

/** Returns a proxy for messages, without its credentials, such as `the proxy http://proxy.example.com:3128 (HTTPS_PROXY)`. */
export function describeProxy({ url, variable }: ForwardProxy): string {
  return `the proxy ${url.protocol}//${url.host} (${variable})`;
}
