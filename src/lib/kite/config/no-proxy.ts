import { withoutBrackets } from '../../util/host.js';
import { canonicalAddress, Networks, parseNetwork } from '../../util/ip-addresses.js';

/**
 * Whether a value of NO_PROXY names a server, as in Go: `example.com` is this host and its subdomains, `.example.com` and
 * `*.example.com` only the subdomains, `10.1.2.3`, `[fd00::1]` and `10.0.0.0/8` addresses; each may end with a port. `*` is every
 * host. Names are not resolved, and entries of other forms name no host.
 */
export function namesServer(noProxy: string, hostname: string, port: number): boolean {
  const host = hostname.replace(/\.$/, '').toLowerCase();
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry === '*' || names(entry, host, port));
}

function names(entry: string, host: string, port: number): boolean {
  // Not the last group of an IPv6 address.
  const [, named = entry, namedPort] = parseNetwork(entry) ? [] : (/^(.+):(\d+)$/.exec(entry) ?? []);
  if (namedPort !== undefined && Number(namedPort) !== port) return false;
  const address = canonicalAddress(host);
  if (address !== undefined) return new Networks([withoutBrackets(named)]).has(address);
  const domain = named.replace(/^\*?\./, '').replace(/\.$/, '');
  if (domain === '') return false;
  return host.endsWith(`.${domain}`) || (host === domain && !/^\*?\./.test(named));
}
