const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4_LOOPBACK = new RegExp(`^127(?:\\.${OCTET}){3}$`);
/** `::ffff:127.0.0.0/104`, in the form that a URL gives addresses. */
const MAPPED_LOOPBACK = /^\[::ffff:7f[\da-f]{2}:[\da-f]{1,4}\]$/;
const LOOPBACK_NAME = /^(?:[\w-]+\.)*localhost\.?$/i;

/**
 * Whether an IP address is a loopback address: all of 127.0.0.0/8, `::1`, and 127.0.0.0/8 mapped into IPv6. IPv6
 * addresses with or without the brackets that URLs put around them. False for anything that is not an IP address.
 */
export function isLoopbackAddress(address: string): boolean {
  if (!address.includes(':')) return IPV4_LOOPBACK.test(address);
  const bare = address.replace(/^\[(.*)\]$/s, '$1');
  if (!/^[\da-f:.]+$/i.test(bare) || !URL.canParse(`http://[${bare}]`)) return false;
  const { hostname } = new URL(`http://[${bare}]`);
  return hostname === '[::1]' || MAPPED_LOOPBACK.test(hostname);
}

/**
 * Whether a host names this machine, as `Host` and `Origin` say it: `localhost`, a name below it, or a loopback address.
 * What a name resolves to is up to the system: where a credential is sent, or where TLS is left out, `resolvesToLoopback`
 * decides.
 */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK_NAME.test(host) || isLoopbackAddress(host);
}

/** All addresses of a host name. Rejects where there are none. */
export type LookupAddresses = (host: string) => Promise<readonly string[]>;

/**
 * Whether a connection to this host stays on this machine: it is a loopback address, or a loopback name of which every
 * address is one. Other names are not looked up: whoever owns one can have it resolve to this machine now, and to another
 * when it is dialled.
 */
export async function resolvesToLoopback(host: string, lookup: LookupAddresses): Promise<boolean> {
  if (isLoopbackAddress(host)) return true;
  if (!LOOPBACK_NAME.test(host)) return false;
  const addresses = await lookup(host).catch(() => []);
  return addresses.length > 0 && addresses.every(isLoopbackAddress);
}
