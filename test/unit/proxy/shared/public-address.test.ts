import { describe, expect, it } from 'vitest';
import { parsePublicHost, publicOrigin } from '../../../../src/lib/proxy/shared/public-address.js';

describe('parsePublicHost', () => {
  it.each([
    ['proxy.example.com', { scheme: undefined, host: 'proxy.example.com', port: undefined }],
    ['proxy.example.com:443', { scheme: undefined, host: 'proxy.example.com', port: 443 }],
    ['[::1]:3999', { scheme: undefined, host: '[::1]', port: 3999 }],
    ['HTTPS://proxy.example.com/', { scheme: 'https', host: 'proxy.example.com', port: undefined }],
    ['http://203.0.113.7:80', { scheme: 'http', host: '203.0.113.7', port: 80 }],
  ])('parsePublicHost reads the public host %s', (text, address) => {
    expect(parsePublicHost(text)).toEqual(address);
  });

  it.each(['', 'a b', '::1', 'proxy:99999', 'ftp://proxy', 'https://proxy/path', 'bob@proxy', '[::g]'])(
    'parsePublicHost rejects the public host %j',
    (text) => {
      expect(() => parsePublicHost(text)).toThrow(expect.objectContaining({ code: 'badValue' }));
    },
  );
});

describe('publicOrigin', () => {
  const listening = new URL('http://127.0.0.1:3999/kite');

  it.each([
    [undefined, 'http://127.0.0.1:3999'],
    ['proxy.example.com', 'http://proxy.example.com:3999'],
    ['proxy.example.com:80', 'http://proxy.example.com'],
    ['https://proxy.example.com', 'https://proxy.example.com'],
    ['https://proxy.example.com:8443', 'https://proxy.example.com:8443'],
  ])('the origin of the public host %s is %s', (host, origin) => {
    const address = host === undefined ? undefined : parsePublicHost(host);
    expect(publicOrigin(address, listening)).toBe(origin);
  });
});
