import { BlockList, isIP } from 'node:net';
import { withoutBrackets } from './host.js';

/**
 * Returns an IP address in canonical form, for comparison: without brackets and zone, and an IPv4-mapped IPv6 address as IPv4.
 * Returns undefined if `address` is not an IP address.
 */
export function canonicalAddress(address: string): string | undefined {
  const bare = withoutBrackets(address).replace(/%.*$/s, '');
  const family = isIP(bare);
  if (family !== 6) return family === 4 ? bare : undefined;
  const canonical = new URL(`http://[${bare}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(canonical);
  if (!mapped) return canonical;
  const [high = 0, low = 0] = mapped.slice(1).map((part) => Number.parseInt(part, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

interface Network {
  readonly address: string;
  /** Length of the network prefix, in bits. */
  readonly bits: number;
}

/** Parses an address, or a network in CIDR notation. Returns undefined if `network` is neither. */
export function parseNetwork(network: string): Network | undefined {
  const [base = '', bits, ...more] = network.split('/');
  const address = canonicalAddress(base);
  if (address === undefined || more.length > 0) return undefined;
  const maxBits = address.includes(':') ? 128 : 32;
  if (bits === undefined) return { address, bits: maxBits };
  return /^\d{1,3}$/.test(bits) && Number(bits) <= maxBits ? { address, bits: Number(bits) } : undefined;
}

/** A set of networks to look up addresses in. Entries that are not networks are ignored. */
export class Networks {
  readonly #list = new BlockList();

  constructor(networks: readonly string[]) {
    for (const { address, bits } of networks.map(parseNetwork).filter((network) => network !== undefined))
      this.#list.addSubnet(address, bits, familyOf(address));
  }

  has(address: string): boolean {
    return this.#list.check(address, familyOf(address));
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

/**
 * Returns what limits on an address count: an IPv4 address, or the first 64 bits of an IPv6 address. A provider commonly
 * assigns a /64 or more to a single customer, who can use each of its addresses.
 */
export function addressBlock(address: string): string {
  const canonical = canonicalAddress(address) ?? address;
  if (!canonical.includes(':')) return canonical;
  const [before = [], after] = canonical
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = after ? Array.from({ length: 8 - before.length - after.length }, () => '0') : [];
  const groups = [...before, ...zeros, ...(after ?? [])];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
