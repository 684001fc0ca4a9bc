import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { addressOfPeer, formatAddress } from '../../../../src/lib/transport/channel/remote-address.js';

describe('the remote address of a socket', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1:50412'],
    ['::1', '[::1]:50412'],
    ['::ffff:10.1.2.3', '[::ffff:10.1.2.3]:50412'],
  ])('the remote address %s is formatted with its port as %s, and parsed again', (address, written) => {
    expect(formatAddress({ remoteAddress: address, remotePort: 50412 } as Socket)).toBe(written);
    expect(addressOfPeer(written)).toBe(address);
  });

  it('the remote address is unknown after the socket is closed', () => {
    expect(formatAddress({ remoteAddress: undefined, remotePort: undefined } as Socket)).toBe('unknown');
    expect(addressOfPeer('unknown')).toBe('unknown');
  });
});
