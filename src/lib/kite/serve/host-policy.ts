import type { IncomingMessage } from 'node:http';
import { isLoopbackHost } from '../../util/loopback.js';

/**
 * By which names a kite may be called. A page of a stranger can give its own name the address of this machine (DNS
 * rebinding) and then counts as being of the same origin as the kite; but its requests say by which name they came.
 */
export class HostPolicy {
  readonly #any: boolean;
  readonly #restricted: boolean;
  readonly #names: Set<string>;

  /** `allowed` undefined: loopback names where only this machine can connect, any name elsewhere. */
  constructor(allowed: readonly string[] | '*' | undefined) {
    const names = allowed === '*' ? ['*'] : (allowed ?? []);
    this.#any = names.includes('*');
    this.#restricted = allowed !== undefined;
    this.#names = new Set(names.map((name) => name.toLowerCase()));
  }

  /** The host of this URL is one of the names. */
  addUrl(url: string): void {
    if (URL.canParse(url)) this.#names.add(new URL(url).hostname);
  }

  /** `atLoopback`: nobody but this machine can connect, so that only its own names are right. */
  allows({ headers }: IncomingMessage, atLoopback: boolean): boolean {
    // Browsers always say it; programs that speak HTTP/1.0 may not.
    if (headers.host === undefined || this.#any) return true;
    const host = withoutPort(headers.host);
    if (isLoopbackHost(host) || this.#names.has(host)) return true;
    return !atLoopback && (!this.#restricted || isAddress(host));
  }
}

/** `localhost` of `LOCALHOST.:3636`. */
function withoutPort(host: string): string {
  return host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
}

/** Nobody can give a name of their own the meaning of an address that is written out. */
function isAddress(host: string): boolean {
  return /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[\da-f:.]+\])$/.test(host);
}
