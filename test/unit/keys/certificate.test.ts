import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { generateKeyPair, selfSignedCertificate } from '../../../src/lib/keys/index.js';
import { testKeyPair } from '../../helpers/kite/keys.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';

describe('a self-signed certificate', () => {
  it.each([
    ['127.0.0.1', undefined],
    ['127.0.0.1', 'localhost'],
    ['127.0.0.1', 'math.kites.example'],
  ])(
    'a client with a self-signed certificate as its authority trusts the server at %s by the name %s',
    async (host, servername) => {
      const keys = await testKeyPair();
      const cert = await selfSignedCertificate({
        hosts: ['localhost', '127.0.0.1', '*.kites.example'],
        keys,
      });
      const { port } = await serve(keys.privateKey, cert);
      const client = tls.connect({ host, port, ca: cert, ...(servername !== undefined && { servername }) });
      await once(client, 'secureConnect');
      expect(client.authorized).toBe(true);
      client.destroy();
    },
  );

  it('a self-signed certificate is rejected for other names', async () => {
    const keys = await testKeyPair();
    const cert = await selfSignedCertificate({ hosts: ['localhost'], keys });
    const { port } = await serve(keys.privateKey, cert);
    const client = tls.connect({ host: '127.0.0.1', port, ca: cert, servername: 'example.com' });
    const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('a self-signed certificate contains its names, validity and usage', async () => {
    const keys = await testKeyPair();
    const clock = new ManualClock(Date.UTC(2026, 0, 1));
    const hosts = ['Kite.Example.com', '*.exämple.com', '10.0.0.1', '[::1]', 'fe80::1'];
    const cert = new X509Certificate(await selfSignedCertificate({ hosts, days: 30, keys, clock }));
    expect(cert.subjectAltName?.split(', ')).toEqual([
      'DNS:kite.example.com',
      'DNS:*.xn--exmple-cua.com',
      'IP Address:10.0.0.1',
      'IP Address:0:0:0:0:0:0:0:1',
      'IP Address:FE80:0:0:0:0:0:0:1',
    ]);
    expect(cert.subject).toBe('CN=kite.example.com');
    expect(cert.ca).toBe(false);
    expect(cert.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(Date.parse(cert.validFrom)).toBe(Date.UTC(2025, 11, 31, 23));
    expect(Date.parse(cert.validTo)).toBe(Date.UTC(2026, 0, 31));
    expect(cert.verify(cert.publicKey)).toBe(true);
    expect(BigInt(`0x${cert.serialNumber}`)).toBeGreaterThan(2n ** 120n);
  });

  it('a self-signed certificate can be valid past the year 2050', async () => {
    const keys = await testKeyPair();
    const cert = new X509Certificate(
      await selfSignedCertificate({ hosts: ['localhost'], days: 36_500, keys, clock: new ManualClock() }),
    );
    expect(new Date(cert.validTo).getUTCFullYear()).toBe(2125);
  });

  it.each([
    [[]],
    [['']],
    [['a b']],
    [['http://localhost']],
    [['-x.com']],
    [['a..b']],
    [['*']],
    [['x'.repeat(64)]],
    [['a,b']],
  ])('a self-signed certificate is not created for %j', async (hosts) => {
    await expect(selfSignedCertificate({ hosts, keys: await testKeyPair() })).rejects.toThrow(RangeError);
  });

  it.each([0, -1, Number.NaN, 36_501])(
    'a self-signed certificate is not created for %d days',
    async (days) => {
      const keys = await testKeyPair();
      await expect(selfSignedCertificate({ hosts: ['localhost'], days, keys })).rejects.toThrow(RangeError);
    },
  );

  it('a self-signed certificate is not created from keys that are not a pair', async () => {
    const keys = {
      publicKey: (await generateKeyPair()).publicKey,
      privateKey: (await testKeyPair()).privateKey,
    };
    await expect(selfSignedCertificate({ hosts: ['localhost'], keys })).rejects.toMatchObject({
      code: 'keyPairMismatch',
    });
  });
});

async function serve(key: string, cert: string): Promise<AddressInfo> {
  const server = tls.createServer({ key, cert }, (socket) => socket.on('error', () => undefined));
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return server.address() as AddressInfo;
}
