import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { type Clock, systemClock } from '../util/clock.js';
import { type KeyPair, parseKeyPair } from './key-pair.js';
import { withoutBrackets } from '../util/host.js';

export interface CertificateOptions {
  /** Host names (`kite.example.com`, `*.example.com`) and IP addresses of the server. At least one. */
  readonly hosts: readonly string[];
  /** Number of days for which the certificate is valid. Default: 365. */
  readonly days?: number;
  readonly keys: KeyPair;
  /** Default: the system clock. */
  readonly clock?: Clock;
}

const DAY = 86_400_000;

// The certificate is backdated for peers whose clock is slow.
const BACKDATED = 3_600_000;

/**
 * Returns a self-signed X.509 certificate for a TLS server, in PEM. Clients trust it if they pass it as `ca`.
 *
 * @throws RangeError for invalid hosts or days, ConfigurationError for an invalid key pair
 */
export async function selfSignedCertificate(options: CertificateOptions): Promise<string> {
  const names = options.hosts.map(alternativeName);
  const days = options.days ?? 365;
  if (names.length === 0) throw new RangeError('A certificate needs at least one host name or IP address');
  if (!(days > 0 && days <= 36_500))
    throw new RangeError(`A certificate can be valid for 1 to 36500 days, not ${days}`);
  const { publicKey, privateKey } = parseKeyPair(options.keys);
  const now = (options.clock ?? systemClock).now();

  // Loaded only to create a certificate, because loading it takes 42 ms.
  const { default: forge } = await import('node-forge');
  const { pki, md } = forge;
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(publicKey.export({ type: 'spki', format: 'pem' }).toString());
  certificate.serialNumber = serialNumber();
  certificate.validity.notBefore = new Date(now - BACKDATED);
  certificate.validity.notAfter = new Date(now + days * DAY);
  const subject = [{ name: 'commonName', value: commonName(names) }];
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames: names },
    { name: 'subjectKeyIdentifier' },
  ]);
  const signer = pki.privateKeyFromPem(privateKey.export({ type: 'pkcs1', format: 'pem' }).toString());
  certificate.sign(signer, md.sha256.create());
  return pki.certificateToPem(certificate).replaceAll('\r\n', '\n');
}

type AlternativeName =
  | { readonly type: 2; readonly value: string }
  | { readonly type: 7; readonly ip: string };

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

function alternativeName(host: string): AlternativeName {
  const bare = withoutBrackets(host);
  if (isIP(bare) !== 0) return { type: 7, ip: bare };
  const wildcard = host.startsWith('*.') ? '*.' : '';
  const name = domainToASCII(host.slice(wildcard.length));
  if (name.length > 253 || !name.split('.').every((label) => LABEL.test(label))) {
    throw new RangeError(`"${host}" is neither a host name nor an IP address`);
  }
  return { type: 2, value: wildcard + name };
}

// The field is limited to 64 characters. Clients check only the alternative names.
function commonName(names: readonly AlternativeName[]): string {
  const [first] = names;
  const text = first === undefined ? '' : first.type === 2 ? first.value : first.ip;
  return text.length <= 64 ? text : 'kite';
}

// Positive and without a leading zero, as DER requires.
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}
