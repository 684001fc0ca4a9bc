import { describe, expect, it } from 'vitest';
import { KiteHosts } from '../../../../src/lib/proxy/reverse/kite-hosts.js';
import { selfSignedCertificate } from '../../../../src/lib/keys/index.js';
import { testKeyPair } from '../../../helpers/kite/keys.js';

const ID = '136c93e2-4825-461b-9ecc-430765ec4582';
const hosts = new KiteHosts('kites.test');
const label = (username: string, id: string): string => hosts.hostOf({ username, id }).split('.')[0] ?? '';

describe('the host names of kites behind a proxy', () => {
  it('the host name of a kite depends on nothing but its user, its id and the domain', () => {
    expect(hosts.hostOf({ username: 'bob', id: ID })).toBe(
      'f6d66d2e8276eabf0655d306fa432e2719b8820d.kites.test',
    );
    expect(new KiteHosts('KITES.test').hostOf({ username: 'bob', id: ID })).toBe(
      hosts.hostOf({ username: 'bob', id: ID }),
    );
  });

  it('the host name of a kite is a DNS label of hexadecimal digits, whatever its user and id are', () => {
    for (const [username, id] of [
      ['bob', ID],
      ['', ''],
      ['Bob_1', '..'],
      ['bücher', 'x'.repeat(10_000)],
      ['-', '-'],
    ] as const) {
      expect(label(username, id)).toMatch(/^[\da-f]{40}$/);
    }
  });

  it('the host names of kites differ for identities that are the same when they are joined', () => {
    const identities = [
      ['bob', 'x'],
      ['bo', 'bx'],
      ['bobx', ''],
      ['', 'bobx'],
      ['bob"', ',"x'],
      ['bob","', 'x'],
      ['BOB', 'x'],
      ['bob', 'X'],
      ['alice', 'x'],
    ] as const;
    expect(new Set(identities.map(([username, id]) => label(username, id))).size).toBe(identities.length);
  });

  it.each([
    '',
    '.',
    'a b',
    '*.kites.test',
    'https://kites.test',
    'kites.test:443',
    '-a.test',
    'a..test',
    '127.0.0.1',
    '::1',
    'kites.1',
    'kites.test/',
    `${'a.'.repeat(106)}b`,
  ])('the domain of kites cannot be "%s"', (domain) => {
    expect(() => new KiteHosts(domain)).toThrow('(--kite-domain) is ');
  });

  it('the domain of kites can have characters that are not ASCII', () => {
    expect(new KiteHosts('Bücher.example').domain).toBe('xn--bcher-kva.example');
  });

  it.each([
    [['*.kites.test'], true],
    [['proxy.test', '*.kites.test'], true],
    [['kites.test'], false],
    [['*.test'], false],
    [['x.kites.test'], false],
    [['*.kites.test.evil.test'], false],
    [['127.0.0.1'], false],
  ] as const)(
    'the certificate of a proxy for %s is valid for kites of kites.test: %s',
    async (names, valid) => {
      const keys = await testKeyPair(0);
      const cert = await selfSignedCertificate({ hosts: [...names], keys });
      const check = (): void => hosts.checkCertificate(cert);
      if (valid) expect(check).not.toThrow();
      else expect(check).toThrow(`not valid for *.kites.test`);
    },
  );
});
