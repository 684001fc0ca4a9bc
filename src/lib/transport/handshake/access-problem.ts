import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { headerProblem } from './header-problem.js';
import type { ServerAccess } from './server-access.js';

/** An option that cannot be used. */
export interface AccessProblem {
  readonly option: keyof ServerAccess;
  /** Why, as the end of a sentence, without a secret. */
  readonly reason: string;
}

/** Returns the first option that cannot be used. Returns undefined if all can. */
export function accessProblem({ ca, cert, key, headers, insecure }: ServerAccess): AccessProblem | undefined {
  const problems: readonly (readonly [keyof ServerAccess, string | undefined])[] = [
    ['headers', headersProblem(headers)],
    ['ca', ca === undefined ? undefined : certificatesProblem(ca)],
    ['cert', cert === undefined ? undefined : certificatesProblem(cert)],
    ['key', keyProblem(cert, key)],
    // Any other value, such as 'false', would switch the verification off.
    ['insecure', typeof (insecure ?? false) === 'boolean' ? undefined : 'is not true or false'],
  ];
  for (const [option, reason] of problems) if (reason !== undefined) return { option, reason };
  return undefined;
}

function headersProblem(headers: unknown): string | undefined {
  if (headers === undefined) return undefined;
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) return 'is not an object';
  for (const [name, value] of Object.entries(headers)) {
    const problem = headerProblem(name, value);
    if (problem !== undefined) return `cannot be sent: ${problem}`;
  }
  return undefined;
}

const CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

function certificatesProblem(pem: unknown): string | undefined {
  const blocks = typeof pem === 'string' ? pem.match(CERTIFICATE) : null;
  if (!blocks) return 'is not a certificate in PEM, which begins with -----BEGIN CERTIFICATE-----';
  const invalid = blocks.findIndex((block) => !parseCertificate(block));
  if (invalid === -1) return undefined;
  return blocks.length === 1
    ? 'is not a valid certificate'
    : `is not valid: its certificate ${invalid + 1} of ${blocks.length} cannot be parsed`;
}

function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function keyProblem(cert: string | undefined, pem: string | undefined): string | undefined {
  if (pem === undefined)
    return cert === undefined ? undefined : 'is missing: a certificate needs its private key';
  if (cert === undefined) return 'is the private key of a certificate, which is missing';
  if (typeof pem !== 'string' || !/-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/.test(pem))
    return 'is not a private key in PEM, which begins with -----BEGIN PRIVATE KEY-----';
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem))
    return 'is encrypted with a passphrase; decrypt it with: openssl pkey -in FILE -out DECRYPTED';
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    return 'is not a valid private key';
  }
  // The first certificate is that of the key; others are intermediate certificates.
  return parseCertificate(cert)?.checkPrivateKey(key)
    ? undefined
    : 'is not the private key of the certificate';
}
