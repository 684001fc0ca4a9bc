import { codedError, type KiteError } from '../../protocol/errors.js';
import { remoteIp } from '../../transport/channel/remote-address.js';
import { lookupAddresses } from '../../util/lookup-addresses.js';
import type { LookupAddresses } from '../../util/loopback.js';
import { canonicalAddress } from '../../util/ip-addresses.js';
import { cleanPath } from './request-path.js';
import type { BackendPolicy } from './backend-policy.js';
import { type ProxyLimits, TARGET_URL_LENGTH } from '../limits/proxy-limits.js';
import { withoutBrackets } from '../../util/host.js';

/** The destination of the requests for a kite. Its host name is resolved once, when the kite registers. */
export interface BackendUrl {
  /** The URL as registered by the kite. */
  readonly url: string;
  /** Whether to connect with TLS. */
  readonly secure: boolean;
  /** The host of the URL, which the certificate must be valid for. */
  readonly host: string;
  /** The IP address to connect to. */
  readonly address: string;
  readonly port: number;
  /** The path of the URL, without a trailing slash. */
  readonly path: string;
}

export interface BackendUrlsOptions {
  readonly policy: BackendPolicy;
  readonly limits: Pick<ProxyLimits, 'lookups'>;
  /** Returns the port at which the proxy listens. */
  readonly ownPort: () => number | undefined;
  /** Resolves host names. Default: the resolver of the system. */
  readonly resolve?: LookupAddresses | undefined;
}

/** Validates and resolves the URLs that kites register. */
export class BackendUrls {
  readonly #options: BackendUrlsOptions;
  readonly #resolve: LookupAddresses;
  #lookups = 0;

  constructor(options: BackendUrlsOptions) {
    this.#options = options;
    this.#resolve = options.resolve ?? lookupAddresses;
  }

  /**
   * Validates and resolves the URL of a kite that connects from `remoteAddress`, such as `127.0.0.1:50412`.
   *
   * @throws KiteError `argumentError`, with code `targetRefused` if the policy does not allow the address
   */
  async create(registered: unknown, remoteAddress: string): Promise<BackendUrl> {
    const url = parse(registered);
    const secure = url.protocol === 'https:' || url.protocol === 'wss:';
    const host = withoutBrackets(url.hostname).replace(/\.$/, '');
    const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
    const { policy, ownPort } = this.#options;
    const from = canonicalAddress(remoteIp(remoteAddress));
    const addresses = await this.#addresses(host);
    const address = addresses.find((candidate) => policy.allows(candidate, host, from));
    if (address === undefined) throw targetRefusedError(host, from);
    if (port === ownPort() && policy.isOwn(address))
      throw badUrlError('it is the URL of this proxy; register the URL at which the kite listens');
    const path = cleanPath(url.pathname);
    if (path.type !== 'clean') throw badUrlError('its path is invalid or contains encoded slashes');
    return { url: url.href, secure, host, address, port, path: path.path.replace(/\/+$/, '') };
  }

  async #addresses(host: string): Promise<readonly string[]> {
    const literal = canonicalAddress(host);
    if (literal !== undefined) return [literal];
    if (this.#lookups >= this.#options.limits.lookups) {
      const message = 'The proxy is resolving too many host names; try again later';
      throw codedError('genericError', 'busy', message);
    }
    this.#lookups++;
    try {
      const resolved = await this.#resolve(host);
      return resolved.map(canonicalAddress).filter((address) => address !== undefined);
    } catch {
      // The error does not reveal which names exist in this network.
      return [];
    } finally {
      this.#lookups--;
    }
  }
}

function parse(registered: unknown): URL {
  if (typeof registered !== 'string' || registered === '')
    throw badUrlError('it is empty; register the URL at which the kite listens');
  if (registered.length > TARGET_URL_LENGTH)
    throw badUrlError(`it is longer than ${TARGET_URL_LENGTH} characters`);
  if (!URL.canParse(registered)) throw badUrlError('it is not a URL like http://127.0.0.1:3636/kite');
  const url = new URL(registered);
  if (!['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol))
    throw badUrlError('it must begin with http:, https:, ws: or wss:');
  if (url.username !== '' || url.password !== '') throw badUrlError('it contains a user name or password');
  if (url.search !== '' || url.hash !== '') throw badUrlError('it contains "?" or "#"');
  if (url.port === '0') throw badUrlError('its port is 0');
  return url;
}

function badUrlError(reason: string): KiteError {
  return codedError('argumentError', 'badUrl', `The URL cannot be forwarded to: ${reason}`);
}

/** Does not reveal the addresses that a name resolves to. */
function targetRefusedError(host: string, from: string | undefined): KiteError {
  const message = `The proxy does not forward to ${host}: a kite may register the address that it connects from, which is ${from ?? 'unknown'}; the operator of the proxy can allow others with --allow-target`;
  return codedError('argumentError', 'targetRefused', message);
}
