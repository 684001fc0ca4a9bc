import { withoutBrackets } from './host.js';
const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4_LOOPBACK = new RegExp(`^127(?:\\.${OCTET}){3}$`);
/** `::ffff:127.0.0.0/104`, as the URL parser normalizes it. */
const MAPPED_LOOPBACK = /^\[::ffff:7f[\da-f]{2}:[\da-f]{1,4}\]$/;
const LOOPBACK_NAME = /^(?:[\w-]+\.)*localhost\.?$/i;

/**
 * Whether an IP address is a loopback address: 127.0.0.0/8, `::1`, and 127.0.0.0/8 mapped to IPv6. IPv6 addresses may have
 * brackets, as in URLs. False if the string is not an IP address.
 */
export function isLoopbackAddress(address: string): boolean {
  if (!address.includes(':')) return IPV4_LOOPBACK.test(address);
  const bare = withoutBrackets(address);
  if (!/^[\da-f:.]+$/i.test(bare) || !URL.canParse(`http://[${bare}]`)) return false;
  const { hostname } = new URL(`http://[${bare}]`);
  return hostname === '[::1]' || MAPPED_LOOPBACK.test(hostname);
}

/**
 * Whether the host in a `Host` or `Origin` header is this machine: `localhost`, a subdomain of it, or a loopback address. Does
 * not resolve names: before sending a credential, or connecting without TLS, use `resolvesToLoopback`.
 */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK_NAME.test(host) || isLoopbackAddress(host);
}

/** Returns all addresses of a host name. Rejects if there are none. */
export type LookupAddresses = (host: string) => Promise<readonly string[]>;

/**
 * Whether a connection to this host stays on this machine: the host is a loopback address, or a loopback name that resolves only
 * to loopback addresses. Other names are not resolved, because their owner could change the address before the connection is
 * opened.
 */
export async function resolvesToLoopback(host: string, lookup: LookupAddresses): Promise<boolean> {
  if (isLoopbackAddress(host)) return true;
  if (!LOOPBACK_NAME.test(host)) return false;
  const addresses = await lookup(host).catch(() => []);
  return addresses.length > 0 && addresses.every(isLoopbackAddress);
}
