import { describe, expect, it } from 'vitest';
import { canonicalAddress } from '../../../../src/lib/proxy/reverse/ip-addresses.js';

describe('addresses', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['::FFFF:7f00:1', '127.0.0.1'],
    ['[::1]', '::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['FE80::0001%eth0', 'fe80::1'],
    ['2001:DB8::0:1', '2001:db8::1'],
    ['localhost', undefined],
    ['1.2.3', undefined],
  ])('an address is normalized: %s is %s', (given, canonical) => {
    expect(canonicalAddress(given)).toBe(canonical);
  });
});
