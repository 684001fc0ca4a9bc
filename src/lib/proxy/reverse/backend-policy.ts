import { networkInterfaces } from 'node:os';
import { ConfigurationError } from '../../protocol/errors.js';
import { isLoopbackAddress, isLoopbackHost } from '../../util/loopback.js';
import { Networks, parseNetwork } from '../../util/ip-addresses.js';

export interface BackendPolicyOptions {
  /** Addresses, networks (`10.1.0.0/16`) and host names that every kite may register. Default: none. */
  readonly allow?: readonly string[] | undefined;
  /** Whether kites that connect from this machine may register its addresses. */
  readonly localKites: boolean;
  /** Returns the addresses of this machine other than loopback. Default: those of its network interfaces. */
  readonly ownAddresses?: (() => readonly string[]) | undefined;
}

/**
 * Addresses that the proxy forwards to only if an address or network in the allow list contains them: unspecified (which reach
 * this host), link-local, multicast and reserved addresses, those that embed an IPv4 address, and metadata services of clouds.
 */
const SPECIAL_NETWORKS: readonly string[] = [
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

/**
 * Decides which addresses the proxy forwards to for a kite: the address that the kite connects from, and those in an allow
 * list. The proxy's own machine has a separate rule, because services that listen on its loopback interface rely on not being
 * reachable from outside.
 */
export class BackendPolicy {
  readonly #networks: Networks;
  readonly #names: ReadonlySet<string>;
  readonly #special = new Networks(SPECIAL_NETWORKS);
  readonly #localKites: boolean;
  readonly #ownAddresses: () => readonly string[];

  /** @throws ConfigurationError if an entry of `allow` is neither a network nor a host name */
  constructor({ allow = [], localKites, ownAddresses = interfaceAddresses }: BackendPolicyOptions) {
    this.#networks = new Networks(allow);
    this.#names = new Set(allow.filter((entry) => !parseNetwork(entry)).map(hostName));
    this.#localKites = localKites;
    this.#ownAddresses = ownAddresses;
  }

  /**
   * Returns whether the proxy forwards to `address` for a kite that connects from the address `from`. `host`: the host in the
   * registered URL, which is or resolves to `address`. Addresses are in canonical form. `from` is undefined if it is unknown.
   */
  allows(address: string, host: string, from: string | undefined): boolean {
    if (this.#networks.has(address)) return true;
    const named = this.#names.has(host);
    if (this.isOwn(address)) {
      if (named && isLoopbackHost(host)) return true;
      return this.#localKites && from !== undefined && this.isOwn(from);
    }
    if (this.#special.has(address)) return false;
    return named || address === from;
  }

  /** Returns whether `address` belongs to this machine. */
  isOwn(address: string): boolean {
    return isLoopbackAddress(address) || new Networks(this.#ownAddresses()).has(address);
  }
}

function hostName(entry: string): string {
  const name = entry.toLowerCase();
  // A name that ends in a number would be parsed as an address.
  if (/^(?=.*[a-z])[a-z\d]([a-z\d.-]*[a-z\d])?$/.test(name) && !/(^|\.)\d+$/.test(name)) return name;
  throw new ConfigurationError(
    'badValue',
    `The allowed target ${JSON.stringify(entry)} must be an address, a network such as 10.1.0.0/16, or a host name without a port`,
  );
}

function interfaceAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.map(({ address }) => address.replace(/%.*$/s, ''));
}
