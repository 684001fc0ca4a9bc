import { createPrivateKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { accessProblem } from '../../../../src/lib/transport/handshake/access-problem.js';
import { testKeyPair } from '../../../helpers/kite/keys.js';
import { makeAuthority } from '../../../helpers/transport/authority.js';

const NOT_A_CERTIFICATE = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

describe('the access to servers', () => {
  it('certificates, a key and headers that can be used have no problem', async () => {
    const authority = await makeAuthority('one');
    const client = await authority.client('bob');
    const headers = { 'X-A': '1' };
    expect(
      accessProblem({ ca: `# comment\n${authority.ca}${authority.ca}`, ...client, headers }),
    ).toBeUndefined();
    expect(accessProblem({ cert: client.cert + authority.ca, key: client.key })).toBeUndefined();
    expect(accessProblem({ insecure: true })).toBeUndefined();
  });

  it('a certificate that is not valid is identified', async () => {
    const { ca } = await makeAuthority('one');
    expect(accessProblem({ ca: 'hunter2' })).toEqual({
      option: 'ca',
      reason: 'is not a certificate in PEM, which begins with -----BEGIN CERTIFICATE-----',
    });
    expect(accessProblem({ ca: NOT_A_CERTIFICATE })).toEqual({
      option: 'ca',
      reason: 'is not a valid certificate',
    });
    expect(accessProblem({ ca: ca + NOT_A_CERTIFICATE })).toEqual({
      option: 'ca',
      reason: 'is not valid: its certificate 2 of 2 cannot be parsed',
    });
    const { privateKey } = await testKeyPair();
    expect(accessProblem({ cert: privateKey, key: privateKey })).toMatchObject({ option: 'cert' });
  });

  it('a private key that is missing, encrypted, invalid or of another certificate is identified', async () => {
    const { cert, key } = await (await makeAuthority('one')).client('bob');
    const { privateKey: other } = await testKeyPair(0);
    const encrypted = createPrivateKey(key);
    const cipher = { format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hunter2' } as const;
    const reasons = [
      accessProblem({ cert }),
      accessProblem({ key }),
      accessProblem({ cert, key: cert }),
      accessProblem({ cert, key: key.replace(/\n.*\n/, '\nAAAA\n') }),
      accessProblem({ cert, key: other }),
      accessProblem({ cert, key: encrypted.export({ type: 'pkcs8', ...cipher }).toString() }),
      accessProblem({ cert, key: encrypted.export({ type: 'pkcs1', ...cipher }).toString() }),
    ];
    const passphrase =
      'is encrypted with a passphrase; decrypt it with: openssl pkey -in FILE -out DECRYPTED';
    expect(reasons).toEqual([
      { option: 'key', reason: 'is missing: a certificate needs its private key' },
      { option: 'key', reason: 'is the private key of a certificate, which is missing' },
      {
        option: 'key',
        reason: 'is not a private key in PEM, which begins with -----BEGIN PRIVATE KEY-----',
      },
      { option: 'key', reason: 'is not a valid private key' },
      { option: 'key', reason: 'is not the private key of the certificate' },
      { option: 'key', reason: passphrase },
      { option: 'key', reason: passphrase },
    ]);
  });

  it('a header that cannot be sent is identified without its value', () => {
    expect(accessProblem({ headers: { 'X-A': 'hunter2\r\nX-B: 1' } })).toEqual({
      option: 'headers',
      reason: 'cannot be sent: the value of the header X-A has a line break',
    });
    expect(accessProblem({ headers: [] as never })).toEqual({
      option: 'headers',
      reason: 'is not an object',
    });
  });

  it.each(['false', 'no', 0, 1, '', {}])(
    'the value %j of insecure is a problem, because it could switch the verification off by mistake',
    (insecure) => {
      const reason = 'is not true or false';
      expect(accessProblem({ insecure: insecure as never })).toEqual({ option: 'insecure', reason });
    },
  );

  it.each([true, false, undefined])('the value %j of insecure can be used', (insecure) => {
    expect(accessProblem({ insecure })).toBeUndefined();
  });
});
