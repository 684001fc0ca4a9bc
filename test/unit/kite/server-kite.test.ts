import { describe, expect, it, onTestFinished } from 'vitest';
import { makeServerKite, type ServerKiteOptions } from '../../../src/lib/kite/server-kite.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { selfSignedCertificate } from '../../../src/lib/keys/index.js';
import { testKeyPair } from '../../helpers/kite/keys.js';

function made(options: ServerKiteOptions) {
  const kite = makeServerKite('kontrol', { logger: silentLogger, env: {}, ...options }, { kiteKey: false });
  onTestFinished(() => kite.close());
  return kite;
}

describe('the kite of a server', () => {
  it('the kite of a server has the defaults of every kite, and the version 1.0.0', () => {
    const { identity, config } = made({});
    expect(identity).toMatchObject({
      name: 'kontrol',
      version: '1.0.0',
      environment: 'unknown',
      region: 'unknown',
    });
    expect(config).toMatchObject({ ip: '127.0.0.1', port: 0 });
  });

  it('the kite of a server prefers its options to the environment', () => {
    const env = {
      KITE_VERSION: '3.0.0',
      KITE_ENVIRONMENT: 'test',
      KITE_REGION: 'us',
      KITE_IP: '::1',
      KITE_PORT: '9',
    };
    expect(made({ env }).identity).toMatchObject({ version: '3.0.0', environment: 'test', region: 'us' });
    const { identity, config } = made({
      env,
      version: '2.0.0',
      environment: 'prod',
      region: 'eu',
      ip: '127.0.0.1',
      port: 0,
    });
    expect(identity).toMatchObject({ version: '2.0.0', environment: 'prod', region: 'eu' });
    expect(config).toMatchObject({ ip: '127.0.0.1', port: 0 });
  });

  it('the kite of a server serves TLS if it has a certificate', async () => {
    const keys = await testKeyPair(0);
    const cert = await selfSignedCertificate({ hosts: ['127.0.0.1'], keys });
    const kite = made({ tls: { cert, key: keys.privateKey } });
    await kite.listen();
    expect(kite.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/kite$/);
  });
});
