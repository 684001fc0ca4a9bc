import { describe, expect, it } from 'vitest';
import { isLoopbackAddress, isLoopbackHost, resolvesToLoopback } from '../../../src/lib/util/loopback.js';

const ADDRESSES = [
  '127.0.0.1',
  '127.0.0.0',
  '127.1.2.3',
  '127.255.255.255',
  '::1',
  '[::1]',
  '0:0:0:0:0:0:0:1',
  '0000::0001',
  '::ffff:127.0.0.1',
  '[::ffff:127.0.0.1]',
  '::FFFF:127.8.9.10',
  '::ffff:7f00:1',
  '[::ffff:7fff:ffff]',
];

const NAMES = ['localhost', 'LOCALHOST', 'localhost.', 'kites.localhost', 'a.b-c_d.localhost.'];

const OTHERS = [
  '',
  '.',
  '.localhost',
  'mylocalhost',
  'localhost.example.com',
  'localhost:80',
  'a b.localhost',
  'user@localhost',
  '0.0.0.0',
  '10.0.0.1',
  '126.255.255.255',
  '128.0.0.1',
  '1127.0.0.1',
  '127.0.0',
  '127.0.0.256',
  '127.0.0.01',
  '127.0.0.1.example.com',
  '127.0.0.1:80',
  '[127.0.0.1]',
  '127.0.0.1\n',
  '::',
  '::2',
  '::1.example.com',
  '[::1]:80',
  '[::1',
  '[[::1]]',
  '::1%lo',
  '::127.0.0.1',
  '::ffff:128.0.0.1',
  '::ffff:7e00:1',
  'fe80::1',
  '64:ff9b::7f00:1',
];

describe('a loopback address', () => {
  it.each(ADDRESSES)('the address %j is loopback', (address) => {
    expect(isLoopbackAddress(address)).toBe(true);
    expect(isLoopbackHost(address)).toBe(true);
  });

  it.each([...OTHERS, ...NAMES])('the address %j is not loopback', (address) => {
    expect(isLoopbackAddress(address)).toBe(false);
  });
});

describe('a loopback host', () => {
  it.each(NAMES)('the host %j is loopback', (name) => {
    expect(isLoopbackHost(name)).toBe(true);
  });

  it.each(OTHERS)('the host %j is not loopback', (name) => {
    expect(isLoopbackHost(name)).toBe(false);
  });
});

describe('a local connection', () => {
  const never = (): never => {
    throw new Error('was looked up');
  };

  it('a connection to a loopback address is local, without a lookup', async () => {
    for (const address of ADDRESSES) expect(await resolvesToLoopback(address, never)).toBe(true);
  });

  it.each([
    [['127.0.0.1'], true],
    [['::1', '127.0.0.1'], true],
    [['127.0.0.1', '10.0.0.1'], false],
    [['203.0.113.7'], false],
    [[], false],
  ])('a connection to a loopback name whose addresses are %j is local: %j', async (addresses, stays) => {
    for (const name of NAMES) {
      expect(await resolvesToLoopback(name, () => Promise.resolve(addresses))).toBe(stays);
    }
  });

  it('a connection to an unknown name is not local', async () => {
    expect(await resolvesToLoopback('localhost', () => Promise.reject(new Error('ENOTFOUND')))).toBe(false);
  });

  it('a connection to any other name is not local, whatever that resolves to', async () => {
    for (const host of OTHERS) {
      expect(await resolvesToLoopback(host, () => Promise.resolve(['127.0.0.1']))).toBe(false);
    }
  });
});
