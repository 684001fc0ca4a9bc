import { createHash, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { ConfigurationError } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import type { ProxyEntry, ProxyTable } from '../shared/proxy-table.js';
import type { BackendUrl } from './backend-url.js';

/** Number of hexadecimal digits in the host name of a kite: 160 bits, for which nobody finds a second identity. */
const LABEL_DIGITS = 40;
/** Number of characters of the domain, so that a host name has at most 253, as in DNS. */
const DOMAIN_LENGTH = 253 - LABEL_DIGITS - 1;

/**
 * The host names of the kites behind a proxy: `<label>.kites.example.com`. The label is a hash of the user and the id of the kite.
 * A kite gets the same host name each time it registers, also at other proxies of the domain; another user cannot get it, even
 * with the same id; and nobody can choose a name that looks like another.
 */
export class KiteHosts {
  readonly domain: string;
  readonly #entries = new Map<string, ProxyEntry<BackendUrl>>();

  /** @throws ConfigurationError if `domain` is not a domain name */
  constructor(domain: string) {
    this.domain = parseKiteDomain(domain);
  }

  /** Finds the kites of this table by their host names. */
  follow(table: ProxyTable<BackendUrl>): void {
    table.on('added', (entry) => this.#entries.set(this.hostOf(entry.kite), entry));
    table.on('ended', ({ kite }) => this.#entries.delete(this.hostOf(kite)));
  }

  hostOf({ username, id }: Pick<KiteIdentity, 'username' | 'id'>): string {
    // As JSON, so that no other user and id have the same text.
    const hash = createHash('sha256')
      .update(JSON.stringify([username, id]))
      .digest('hex');
    return `${hash.slice(0, LABEL_DIGITS)}.${this.domain}`;
  }

  /** Returns the public URL of a kite. Its path is that of the registered URL. */
  urlOf({ kite, target }: Pick<ProxyEntry<BackendUrl>, 'kite' | 'target'>, origin: string): string {
    const url = new URL(origin);
    url.hostname = this.hostOf(kite);
    return url.origin + target.path;
  }

  /** Whether the host name, in lower case and without port, is below the domain, whether a kite has it or not. */
  serves(host: string): boolean {
    return host.endsWith(`.${this.domain}`);
  }

  /** Returns the kite that has this host name. */
  find(host: string): ProxyEntry<BackendUrl> | undefined {
    return this.#entries.get(host);
  }

  /**
   * Checks that a certificate, as PEM, is valid for the host names of all kites. An unreadable one is not checked, because the
   * server rejects it.
   *
   * @throws ConfigurationError
   */
  checkCertificate(pem: string): void {
    const certificate = parseCertificate(pem);
    const example = `${'0'.repeat(LABEL_DIGITS)}.${this.domain}`;
    if (!certificate || certificate.checkHost(example, { subject: 'never' }) !== undefined) return;
    throw new ConfigurationError(
      'badValue',
      `The TLS certificate is not valid for *.${this.domain}, the host names of the kites, but for ${certificate.subjectAltName ?? 'no host'}; to create one, repeat --host: kitectl keygen --tls --host HOST --host '*.${this.domain}'`,
    );
  }
}

/**
 * Returns a domain in lower case and ASCII.
 *
 * @throws ConfigurationError
 */
function parseKiteDomain(domain: string): string {
  // In other strings, the parser of Node decodes or ignores parts.
  const ascii = /^[\p{L}\p{M}\p{N}.-]+$/u.test(domain) ? domainToASCII(domain) : '';
  const label = /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/;
  // A last part of digits would make it an IP address.
  const valid =
    ascii.split('.').every((part) => label.test(part)) && isIP(ascii) === 0 && !/(^|\.)\d+$/.test(ascii);
  if (valid && ascii.length <= DOMAIN_LENGTH) return ascii;
  throw new ConfigurationError(
    'badValue',
    `The domain of the kites (--kite-domain) is ${JSON.stringify(domain)}; it must be a domain name without scheme, port and "*", such as kites.example.com, of at most ${DOMAIN_LENGTH} characters`,
  );
}

function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
