/** Returns a host without its port and without a final dot, in lower case: `localhost` for `LOCALHOST.:3636`. */
export function withoutPort(host: string): string {
  return host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
}

/** Returns an IPv6 address without the brackets that it has in URLs: `::1` for `[::1]`. Other hosts are returned unchanged. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/s, '$1');
}
