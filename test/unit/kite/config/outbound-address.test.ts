import { describe, expect, it } from 'vitest';
import { outboundAddress } from '../../../../src/lib/kite/config/outbound-address.js';

describe('the outbound address', () => {
  it('the outbound address towards this machine is a loopback address', async () => {
    expect(await outboundAddress('127.0.0.1')).toBe('127.0.0.1');
    expect(await outboundAddress('[::1]')).toBe('::1');
  });

  it('the outbound address towards a name is that of the family in which it is reached', async () => {
    expect(await outboundAddress('kontrol', () => Promise.resolve(['::1']))).toBe('::1');
    expect(await outboundAddress('kontrol', () => Promise.resolve(['::1', '127.0.0.1']))).toBe('127.0.0.1');
    // 0.0.0.0/8 cannot be reached from a socket of IPv4 with a port of 9 only in some kernels; 255.255.255.255 never.
    expect(await outboundAddress('kontrol', () => Promise.resolve(['255.255.255.255', '::1']))).toBe('::1');
  });

  it('the outbound address rejects if a name cannot be resolved or has no address', async () => {
    const failure = Object.assign(new Error('getaddrinfo ENOTFOUND kontrol'), { code: 'ENOTFOUND' });
    await expect(outboundAddress('kontrol', () => Promise.reject(failure))).rejects.toBe(failure);
    await expect(outboundAddress('kontrol', () => Promise.resolve([]))).rejects.toThrow('no addresses');
    await expect(outboundAddress('no-such-host.invalid')).rejects.toThrow(/no-such-host/);
  });
});
