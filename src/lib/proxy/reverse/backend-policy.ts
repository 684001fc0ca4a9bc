import { networkInterfaces } from 'node:os';
import { ConfigurationError } from '../../protocol/errors.js';
import { isLoopbackAddress, isLoopbackHost } from '../../util/loopback.js';
import { Networks, parseNetwork, SPECIAL } from './ip-addresses.js';

export interface BackendPolicyOptions {
  /** Addresses and networks (`10.1.0.0/16`), and host names, that every kite may name. Default none. */
  readonly allow?: readonly string[] | undefined;
  /** Whether kites that connect from this machine may name its own addresses. */
  readonly localKites: boolean;
  /** The addresses of this machine beside loopback. Default: those of its interfaces now. */
  readonly ownAddresses?: (() => readonly string[]) | undefined;
}

/**
 * Which addresses a kite may have the proxy forward to: the one that it connects from, and what an allow-list names. The
 * machine of the proxy itself is a matter of its own: whatever listens there on loopback alone relies on being left alone.
 */
export class BackendPolicy {
  readonly #networks: Networks;
  readonly #names: ReadonlySet<string>;
  readonly #special = new Networks(SPECIAL);
  readonly #localKites: boolean;
  readonly #ownAddresses: () => readonly string[];

  /** @throws ConfigurationError for an entry of `allow` that is neither a network nor a host name */
  constructor({ allow = [], localKites, ownAddresses = interfaceAddresses }: BackendPolicyOptions) {
    this.#networks = new Networks(allow);
    this.#names = new Set(allow.filter((entry) => !parseNetwork(entry)).map(hostName));
    this.#localKites = localKites;
    this.#ownAddresses = ownAddresses;
  }

  /**
   * Whether a kite that connects from the address `from` may have forwarded to `address`, which is what `host` of its URL
   * is or resolves to. Addresses in canonical form, `from` undefined where it cannot be told.
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

  /** Whether it is an address of this machine. */
  isOwn(address: string): boolean {
    return isLoopbackAddress(address) || new Networks(this.#ownAddresses()).has(address);
  }
}

function hostName(entry: string): string {
  const name = entry.toLowerCase();
  // What ends in a number would be read as an address.
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
