import type { IncomingMessage } from 'node:http';
import { canonicalAddress, Networks } from '../../util/ip-addresses.js';
import type { Logger } from '../../util/logger.js';
import { formatAddress } from '../channel/remote-address.js';

/**
 * Finds the client of a request that has passed through trusted proxies, from the headers `X-Forwarded-For` and `Forwarded`
 * (RFC 7239). Nothing that a client sends itself is believed: only the addresses that trusted proxies have appended are.
 */
export class TrustedProxies {
  readonly #networks: Networks;
  readonly #logger: Logger;
  #warned = false;

  /** `networks`: the addresses and networks (`10.1.0.0/16`) of the proxies. */
  constructor(networks: readonly string[], logger: Logger) {
    this.#networks = new Networks(networks);
    this.#logger = logger;
  }

  /**
   * Returns the address of the client: `203.0.113.7` or `[2001:db8::1]`, with the port if it is known. It is the address of the
   * socket if that is not a trusted proxy, or does not name its client.
   */
  addressOf({ socket, headers }: Pick<IncomingMessage, 'headers' | 'socket'>): string {
    const own = formatAddress(socket);
    if (!this.#trusts(own)) return own;
    const { 'x-forwarded-for': list, forwarded } = headers;
    if (list === undefined && forwarded === undefined) return own;
    const listed = this.#client([list ?? []].flat().join(',').split(','));
    const named = this.#client(forwarded === undefined ? [] : forwardedFor(forwarded));
    // A proxy sets one of them, and the client may have sent the other.
    if (list !== undefined && forwarded !== undefined && !sameAddress(listed, named)) {
      this.#warn(own);
      return own;
    }
    return listed ?? named ?? own;
  }

  /** Returns the last address that is not a trusted proxy, or the first if all are. Returns undefined if it is unknown. */
  #client(hops: readonly string[]): string | undefined {
    let client: string | undefined;
    for (const hop of hops.toReversed()) {
      const address = parseHop(hop);
      if (address === undefined) return client;
      client = address;
      if (!this.#trusts(address)) return client;
    }
    return client;
  }

  #trusts(address: string): boolean {
    const bare = bareAddress(address);
    return bare !== undefined && this.#networks.has(bare);
  }

  #warn(proxy: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#logger.warn(
      `A request from the trusted proxy ${proxy} has X-Forwarded-For and Forwarded with different clients, so neither is used. ` +
        'Configure the proxy to remove the one that it does not set',
    );
  }
}

function sameAddress(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && bareAddress(one) === bareAddress(other);
}

/** Returns the IP address in `203.0.113.7:50412` or `[2001:db8::1]`. */
function bareAddress(address: string): string | undefined {
  return canonicalAddress(address.replace(/^(\[.*\]|[^:]*):\d+$/, '$1'));
}

/** Returns the address of an entry, such as `203.0.113.7`, `203.0.113.7:50412`, `2001:db8::1` or `[2001:db8::1]:50412`. */
function parseHop(entry: string): string | undefined {
  const text = entry.trim();
  const address = bareAddress(text);
  if (address === undefined) return undefined;
  const port = /^(?:\[.*\]|[^:]*)(:\d{1,5})$/.exec(text)?.[1] ?? '';
  return (address.includes(':') ? `[${address}]` : address) + port;
}

const PAIR = /\s*([!#$%&'*+.^_`|~\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~\w-]+))\s*(;|,|$)/y;

/**
 * Returns the parameter `for` of each element of a `Forwarded` header, and an empty string for elements without it. Returns
 * nothing if the header is malformed anywhere, because a client may have sent its beginning.
 */
function forwardedFor(header: string): string[] {
  const hops: string[] = [];
  let hop = '';
  PAIR.lastIndex = 0;
  for (;;) {
    const [, name, quoted, token = '', end] = PAIR.exec(header) ?? [];
    if (name === undefined) return [];
    if (name.toLowerCase() === 'for') hop = quoted?.replace(/\\(.)/g, '$1') ?? token;
    if (end === ';') continue;
    hops.push(hop);
    hop = '';
    if (end === '') return hops;
  }
}
