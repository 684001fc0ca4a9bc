import type { IncomingMessage } from 'node:http';
import { isLoopbackHost } from '../../util/loopback.js';
import { withoutPort } from '../../util/host.js';

/**
 * Decides which host names are accepted in requests. With DNS rebinding, a page of another site can resolve its host name to
 * the address of this machine, and then has the same origin as the kite. Its requests still have that name in `Host`.
 */
export class HostPolicy {
  readonly #any: boolean;
  readonly #restricted: boolean;
  readonly #names: Set<string>;
  /** The last header that was accepted wherever the server listens. Nearly all requests have the same. */
  #accepted: string | undefined;

  /** If `allowed` is undefined, loopback names are accepted if the server listens on loopback only, else any name. */
  constructor(allowed: readonly string[] | '*' | undefined) {
    const names = allowed === '*' ? ['*'] : (allowed ?? []);
    this.#any = names.includes('*');
    this.#restricted = allowed !== undefined;
    this.#names = new Set(names.map((name) => name.toLowerCase()));
  }

  /** Accepts the host name of this URL. */
  addUrl(url: string): void {
    if (URL.canParse(url)) this.#names.add(new URL(url).hostname);
  }

  /** Whether the host of a request is accepted. `atLoopback`: whether the server listens on loopback only. */
  allows({ headers }: IncomingMessage, atLoopback: boolean): boolean {
    // Browsers always send it. HTTP/1.0 clients may omit it.
    const header = headers.host;
    if (header === undefined || this.#any || header === this.#accepted) return true;
    const host = withoutPort(header);
    if (!isLoopbackHost(host) && !this.#names.has(host))
      return !atLoopback && (!this.#restricted || isAddress(host));
    this.#accepted = header;
    return true;
  }
}

/** Whether the host is an IP address, which DNS rebinding cannot forge. */
function isAddress(host: string): boolean {
  return /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[\da-f:.]+\])$/.test(host);
}
