import { ConfigurationError } from '../../protocol/errors.js';

/** Under which others reach a proxy. What is missing is taken from where it listens. */
export interface PublicAddress {
  /** Where something in front of the proxy ends TLS, that is not the proxy's own. */
  readonly scheme: 'http' | 'https' | undefined;
  /** With brackets around an IPv6 address. */
  readonly host: string;
  readonly port: number | undefined;
}

/**
 * Reads `proxy.example.com`, `proxy.example.com:443`, `[::1]:3999`, or an origin, `https://proxy.example.com`.
 *
 * @throws ConfigurationError
 */
export function parsePublicHost(text: string): PublicAddress {
  const match = /^(?:(https?):\/\/)?(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?\/?$/i.exec(text);
  const [, scheme, host, port] = match ?? [];
  const address = `${scheme ?? 'http'}://${host}:${port ?? 80}`;
  if (host === undefined || !URL.canParse(address)) {
    throw new ConfigurationError(
      'badValue',
      `The public host is ${JSON.stringify(text)}; it must be a host name or address, with a port or without, such as proxy.example.com or 203.0.113.7:3999`,
    );
  }
  return {
    scheme: scheme?.toLowerCase() as PublicAddress['scheme'],
    host,
    port: port === undefined ? undefined : Number(port),
  };
}

/** `https://proxy.example.com`: the origin of public URLs of a proxy that listens at `listening`. */
export function publicOrigin(address: PublicAddress | undefined, listening: URL): string {
  if (!address) return listening.origin;
  const scheme = address.scheme ?? listening.protocol.slice(0, -1);
  // A scheme that is said belongs to something in front, which has the scheme's own port.
  const port = address.port ?? (address.scheme === undefined ? listening.port : '');
  return new URL(`${scheme}://${address.host}${port === '' ? '' : `:${port}`}`).origin;
}
