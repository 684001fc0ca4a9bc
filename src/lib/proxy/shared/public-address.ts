import { ConfigurationError } from '../../protocol/errors.js';

/** The address under which a proxy is reached. Undefined fields default to the address at which it listens. */
export interface PublicAddress {
  /** The scheme of public URLs, if a load balancer in front of the proxy terminates TLS. */
  readonly scheme: 'http' | 'https' | undefined;
  /** The host. An IPv6 address is in brackets. */
  readonly host: string;
  readonly port: number | undefined;
}

/**
 * Parses `proxy.example.com`, `proxy.example.com:443`, `[::1]:3999`, or an origin such as `https://proxy.example.com`.
 *
 * @throws ConfigurationError
 */
export function parsePublicHost(publicHost: string): PublicAddress {
  const match = /^(?:(https?):\/\/)?(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?\/?$/i.exec(publicHost);
  const [, scheme, host, port] = match ?? [];
  const address = `${scheme ?? 'http'}://${host}:${port ?? 80}`;
  if (host === undefined || !URL.canParse(address)) {
    throw new ConfigurationError(
      'badValue',
      `The public host is ${JSON.stringify(publicHost)}; it must be a host name or address, with or without a port, such as proxy.example.com or 203.0.113.7:3999`,
    );
  }
  return {
    scheme: scheme?.toLowerCase() as PublicAddress['scheme'],
    host,
    port: port === undefined ? undefined : Number(port),
  };
}

/** Returns the origin of the public URLs of a proxy that listens at `listening`. */
export function publicOrigin(address: PublicAddress | undefined, listening: URL): string {
  if (!address) return listening.origin;
  const scheme = address.scheme ?? listening.protocol.slice(0, -1);
  // An explicit scheme is that of a load balancer, which uses the default port of the scheme.
  const port = address.port ?? (address.scheme === undefined ? listening.port : '');
  return new URL(`${scheme}://${address.host}${port === '' ? '' : `:${port}`}`).origin;
}
