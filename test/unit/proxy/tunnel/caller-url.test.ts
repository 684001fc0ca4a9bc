import { describe, expect, it } from 'vitest';
import { kiteIn, readCallerUrl } from '../../../../src/lib/proxy/tunnel/caller-url.js';

describe('the URL of a caller at the tunnel proxy', () => {
  it.each([
    ['/proxy?kiteID=abc', '/proxy?kiteID=abc'],
    ['/proxy/?kiteID=abc', '/proxy?kiteID=abc'],
    ['/proxy/info?kiteID=abc', '/proxy/info?kiteID=abc'],
    ['/proxy/042/8f0c/xhr?kiteID=abc&t=1700', '/proxy/042/8f0c/xhr?kiteID=abc'],
    ['/proxy/042/8f0c/xhr?t=1700&kiteID=abc', '/proxy/042/8f0c/xhr?kiteID=abc'],
    // The forms that Go clients create over XHR, before and after they are redirected to the path with a slash.
    ['/proxy?kiteID=abc/042/8f0c/xhr', '/proxy/042/8f0c/xhr?kiteID=abc'],
    ['/proxy/?kiteID=abc/042/8f0c/xhr_send', '/proxy/042/8f0c/xhr_send?kiteID=abc'],
    ['/proxy?kiteID=abc/042/8f0c/xhr?t=1700', '/proxy/042/8f0c/xhr?kiteID=abc'],
    ['/proxy?kiteID=abc/info', '/proxy/info?kiteID=abc'],
    // A path on both sides of the query: the first one takes precedence.
    ['/proxy/info?kiteID=abc/042/8f0c/xhr', '/proxy/info?kiteID=abc'],
  ])('the URL %s of a caller is read as %s', (given, url) => {
    expect(readCallerUrl(given)).toEqual({ kite: 'abc', url });
    expect(kiteIn(url)).toBe('abc');
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
  ])('the URL %s of a caller has no kite', (given) => {
    expect(readCallerUrl(given)).toBeUndefined();
  });
});
