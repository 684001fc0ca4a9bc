import { describe, expect, it } from 'vitest';
import { parseCallerUrl } from '../../../../src/lib/proxy/tunnel/caller-url.js';

describe('the URL of a caller at the tunnel proxy', () => {
  it.each([
    ['/proxy?kiteID=abc', '/proxy'],
    ['/proxy/?kiteID=abc', '/proxy'],
    ['/proxy/info?kiteID=abc', '/proxy/info'],
    ['/proxy/042/8f0c/xhr?kiteID=abc&t=1700', '/proxy/042/8f0c/xhr'],
    ['/proxy/042/8f0c/xhr?t=1700&kiteID=abc', '/proxy/042/8f0c/xhr'],
    // Clients in Go append the path over XHR, before and after a redirect to the path with a slash.
    ['/proxy?kiteID=abc/042/8f0c/xhr', '/proxy/042/8f0c/xhr'],
    ['/proxy/?kiteID=abc/042/8f0c/xhr_send', '/proxy/042/8f0c/xhr_send'],
    ['/proxy?kiteID=abc/042/8f0c/xhr?t=1700', '/proxy/042/8f0c/xhr'],
    ['/proxy?kiteID=abc/info', '/proxy/info'],
    // The path before the query takes precedence.
    ['/proxy/info?kiteID=abc/042/8f0c/xhr', '/proxy/info'],
  ])('the URL %s of a caller is parsed as the path %s', (url, path) => {
    expect(parseCallerUrl(url)).toEqual({ kiteId: 'abc', path });
  });

  it.each([
    '/proxy',
    '/proxy/info',
    '/proxy?kiteID=',
    '/proxy?kiteid=abc',
    '/proxy?kiteID=/info',
    '/proxy?kiteID=.x',
    '/proxy?kiteID=a%2f..%2fb%20c',
    '/proxy?kiteID=a b',
    `/proxy?kiteID=${'x'.repeat(129)}`,
    '/proxy?kiteID=ä',
    '/proxy?kiteID=a=b',
  ])('the URL %s of a caller is rejected because it has no valid kite id', (url) => {
    expect(parseCallerUrl(url)).toBeUndefined();
  });
});
