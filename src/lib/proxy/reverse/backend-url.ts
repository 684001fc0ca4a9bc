import { codedError, type KiteError } from '../../protocol/errors.js';
import { remoteIp } from '../../transport/channel/remote-address.js';
import { lookupAddresses } from '../../util/lookup-addresses.js';
import type { LookupAddresses } from '../../util/loopback.js';
import { canonicalAddress } from './ip-addresses.js';
import { cleanPath } from './request-path.js';
import type { BackendPolicy } from './backend-policy.js';
import { type ProxyLimits, TARGET_URL_LENGTH } from '../limits/proxy-limits.js';

/** Where the requests for one kite go. Fixed when the kite registers: a name is not resolved again. */
export interface BackendUrl {
  /** As the kite registered it. */
  readonly url: string;
  /** Whether it is reached over TLS. */
  readonly secure: boolean;
  /** The host of the URL, for which a certificate has to be. */
  readonly host: string;
  /** What is dialled. */
  readonly address: string;
  readonly port: number;
  /** The path of the URL, without a slash at the end. */
  readonly path: string;
}

export interface BackendUrlsOptions {
  readonly policy: BackendPolicy;
  readonly limits: Pick<ProxyLimits, 'lookups'>;
  /** Where the proxy itself listens. */
  readonly ownPort: () => number | undefined;
  /** Default: as programs on this machine do. */
  readonly resolve?: LookupAddresses | undefined;
}

/** Makes targets of the URLs that kites register. */
export class BackendUrls {
  readonly #options: BackendUrlsOptions;
  readonly #resolve: LookupAddresses;
  #lookups = 0;

  constructor(options: BackendUrlsOptions) {
    this.#options = options;
    this.#resolve = options.resolve ?? lookupAddresses;
  }

  /**
   * The target of a URL, for a kite at `remoteAddress`, such as `127.0.0.1:50412`.
   *
   * @throws KiteError `argumentError`, with code `targetRefused` where the kite may not name it
   */
  async of(given: unknown, remoteAddress: string): Promise<BackendUrl> {
    const url = parse(given);
    const secure = url.protocol === 'https:' || url.protocol === 'wss:';
    const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
    const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
    const { policy, ownPort } = this.#options;
    const from = canonicalAddress(remoteIp(remoteAddress));
    const addresses = await this.#addresses(host);
    const address = addresses.find((candidate) => policy.allows(candidate, host, from));
    if (address === undefined) throw refusedTarget(host, from);
    if (port === ownPort() && policy.isOwn(address))
      throw bad('it is that of this proxy; register the URL at which the kite itself listens');
    const path = cleanPath(url.pathname);
    if (path.type !== 'clean') throw bad('its path is invalid or contains encoded slashes');
    return { url: url.href, secure, host, address, port, path: path.path.replace(/\/+$/, '') };
  }

  async #addresses(host: string): Promise<readonly string[]> {
    const literal = canonicalAddress(host);
    if (literal !== undefined) return [literal];
    if (this.#lookups >= this.#options.limits.lookups) {
      const message = 'The proxy looks up too many names now; try again later';
      throw codedError('genericError', 'busy', message);
    }
    this.#lookups++;
    try {
      const found = await this.#resolve(host);
      return found.map(canonicalAddress).filter((address) => address !== undefined);
    } catch {
      // Who asks is not told which names there are in this network.
      return [];
    } finally {
      this.#lookups--;
    }
  }
}

function parse(given: unknown): URL {
  if (typeof given !== 'string' || given === '')
    throw bad('it is empty; register with the URL at which the kite listens');
  if (given.length > TARGET_URL_LENGTH) throw bad(`it is longer than ${TARGET_URL_LENGTH} characters`);
  if (!URL.canParse(given)) throw bad('it is not a URL like http://127.0.0.1:3636/kite');
  const url = new URL(given);
  if (!['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol))
    throw bad('it must begin with http:, https:, ws: or wss:');
  if (url.username !== '' || url.password !== '') throw bad('it contains a user name or password');
  if (url.search !== '' || url.hash !== '') throw bad('it contains "?" or "#"');
  if (url.port === '0') throw bad('its port is 0');
  return url;
}

function bad(reason: string): KiteError {
  return codedError('argumentError', 'badUrl', `The URL cannot be forwarded to: ${reason}`);
}

/** Says nothing of what a name resolves to. */
function refusedTarget(host: string, from: string | undefined): KiteError {
  const message = `The proxy does not forward to ${host}: a kite may name the address that it connects from, which is ${from ?? 'unknown'}; the operator of the proxy can allow more with --allow-target`;
  return codedError('argumentError', 'targetRefused', message);
}
