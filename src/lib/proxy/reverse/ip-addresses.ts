import { BlockList, isIP } from 'node:net';
import { withoutBrackets } from '../../util/host.js';

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
 * Addresses that the proxy forwards to only if an address or network in the allow list contains them: unspecified (which reach
 * this host), link-local, multicast and reserved addresses, those that embed an IPv4 address, and metadata services of clouds.
 */
export const SPECIAL_NETWORKS: readonly string[] = [
  '0.0.0.0/8',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2001::/32',
  '2002::/16',
  '100.100.100.200',
  '168.63.129.16',
  'fd00:ec2::254',
  'fd20:ce::254',
];
