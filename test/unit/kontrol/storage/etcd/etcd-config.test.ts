import { describe, expect, it } from 'vitest';
import { openingFailure, unavailable } from '../../../../helpers/storage/store-failures.js';
import { type EtcdConfig, openStorage } from '../../../../../src/lib/kontrol/storage/open-storage.js';
import { systemClock } from '../../../../../src/lib/util/clock.js';
import { silentLogger } from '../../../../../src/lib/util/logger.js';

const PASSWORD = 'the password of kontrol';

const badValue = (message: RegExp) =>
  expect.objectContaining({ code: 'badValue', message: expect.stringMatching(message) as string }) as Error;

describe('the configuration of an etcd store', () => {
  it.each<[string, Partial<EtcdConfig>, RegExp]>([
    ['no members', { machines: [] }, /at least one member/],
    ['a member that is not a URL', { machines: ['http://a:1', 'ftp://b'] }, /"ftp:\/\/b" is not the URL/],
    ['a member with a path', { machines: ['http://a:1/v2/keys'] }, /"http:\/\/a:1\/v2\/keys" is not the URL/],
    ['a certificate without its key', { certificate: 'PEM' }, /set together/],
    ['an authority without https members', { ca: 'PEM' }, /nothing would be encrypted/],
    ['a password without a user', { password: PASSWORD }, /without a user/],
    [
      'a password in a URL',
      { machines: [`http://me:${encodeURIComponent(PASSWORD)}@a`] },
      /contains credentials/,
    ],
  ])('the configuration of an etcd store is rejected with a reason: %s', (_, changes, message) => {
    const config = { type: 'etcd', machines: ['http://127.0.0.1:1'], ...changes } as const;
    const open = () => openStorage(config, { clock: systemClock, logger: silentLogger });
    expect(open).toThrow(badValue(message));
    expect(open).not.toThrow(encodeURIComponent(PASSWORD));
  });

  it.each([
    [['http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1', 'https://etcd.invalid:1'], 0],
    [['http://127.0.0.1:1', 'http://etcd.invalid:1'], 1],
  ])(
    'an etcd store warns if passwords and keys are sent unencrypted over the network: %j',
    async (machines, count) => {
      const warnings: string[] = [];
      const logger = { ...silentLogger, warn: (text: string) => void warnings.push(text) };
      const config = { type: 'etcd', machines, user: 'me', password: PASSWORD, timeout: 100 } as const;
      const error = await openingFailure(openStorage(config, { clock: systemClock, logger }));
      expect(error).toMatchObject(unavailable(/etcd at /));
      expect(warnings).toHaveLength(count);
      for (const text of warnings) expect(text).toMatch(/^etcd at http:\/\/etcd\.invalid:1 is not on this/);
      expect(warnings.join()).not.toContain(PASSWORD);
    },
  );
});
