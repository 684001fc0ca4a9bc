import { randomBytes } from 'node:crypto';
import forge from 'node-forge';
import { testKeyPair } from '../kite/keys.js';

/** A certificate with its private key, both in PEM. */
export interface Identified {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority that no system trusts. */
export interface Authority {
  /** Its certificate, in PEM. */
  readonly ca: string;
  /** Issues the certificate of a server at 127.0.0.1 and localhost. */
  server(): Promise<Identified>;
  /** Issues the certificate of a client. */
  client(name: string): Promise<Identified>;
}

/** Creates an authority with key pair number `index` of the tests. Its certificates have the next ones. */
export async function makeAuthority(name: string, index = 0): Promise<Authority> {
  const own = await testKeyPair(index);
  const signer = forge.pki.privateKeyFromPem(own.privateKey);
  const issuer = [{ name: 'commonName', value: name }];
  const issue = (subject: string, publicKey: string, extensions: readonly object[]): string => {
    const certificate = forge.pki.createCertificate();
    certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
    certificate.serialNumber = `40${randomBytes(15).toString('hex')}`;
    certificate.validity.notBefore = new Date(Date.now() - 3_600_000);
    certificate.validity.notAfter = new Date(Date.now() + 86_400_000);
    certificate.setSubject([{ name: 'commonName', value: subject }]);
    certificate.setIssuer(issuer);
    certificate.setExtensions([...extensions]);
    certificate.sign(signer, forge.md.sha256.create());
    return forge.pki.certificateToPem(certificate);
  };
  const leaf = async (subject: string, extensions: readonly object[]): Promise<Identified> => {
    const keys = await testKeyPair(index + 1);
    return { cert: issue(subject, keys.publicKey, extensions), key: keys.privateKey };
  };
  return {
    ca: issue(name, own.publicKey, [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ]),
    server: () =>
      leaf('127.0.0.1', [
        { name: 'extKeyUsage', serverAuth: true },
        {
          name: 'subjectAltName',
          altNames: [
            { type: 7, ip: '127.0.0.1' },
            { type: 2, value: 'localhost' },
          ],
        },
      ]),
    client: (subject) => leaf(subject, [{ name: 'extKeyUsage', clientAuth: true }]),
  };
}
