import { describe, expect, it } from 'vitest';
import {
  normalisePrefixes,
  pathBehindPrefix,
  routeOf,
} from '../../../../src/lib/transport/server/session-route.js';

describe('prefixes', () => {
  const prefixes = normalisePrefixes(['/kite/', '/math-1.0.0/kite', '/kite/deep']);

  it.each([
    ['/kite', ''],
    ['/kite/', '/'],
    ['/kite?x=/y', ''],
    ['/kite/info?t=1', '/info'],
    ['/kite/deep/info', '/info'],
    ['/math-1.0.0/kite/0/a/xhr', '/0/a/xhr'],
    ['/kites', undefined],
    ['/kit', undefined],
    ['/', undefined],
    ['', undefined],
    ['http://elsewhere/kite', undefined],
    ['/math-1.0.0', undefined],
    ['/KITE', undefined],
  ])('the path after the prefix of %j is %j', (url, path) => {
    expect(pathBehindPrefix(prefixes, url)).toBe(path);
  });

  it('the prefix of a server may be the root', () => {
    expect(pathBehindPrefix(normalisePrefixes(['/']), '/info')).toBe('/info');
    expect(pathBehindPrefix(normalisePrefixes(['']), '/')).toBe('/');
  });
});

describe('routes', () => {
  it.each([
    ['', 'greeting'],
    ['/', 'greeting'],
    ['/info', 'info'],
    ['/websocket', 'raw'],
    ['/iframe.html', 'iframe'],
    ['/iframe-.html', 'iframe'],
    ['/iframe-0.1.2abc-dirty.2144.html', 'iframe'],
  ])('the route of %j is %s', (path, type) => {
    expect(routeOf(path)).toEqual({ type });
  });

  it.each([
    ['/0/a/websocket', 'websocket', 'a'],
    ['/000/abcdefgh/xhr', 'xhr', 'abcdefgh'],
    ['/_/_x/xhr_send', 'xhr_send', '_x'],
    ['/abcdefgh_i-j%20/abcdefg_i-j%20/xhr_streaming', 'xhr_streaming', 'abcdefg_i-j%20'],
    ['/1/__proto__/eventsource', 'eventsource', '__proto__'],
  ])('the route of %j is session transport %s of %s', (path, transport, id) => {
    expect(routeOf(path)).toEqual({ type: 'session', transport, id });
  });

  it.each([
    '//',
    '///',
    '/a',
    '/a.html',
    '/a/a',
    '/a/a/',
    '/a./a/xhr',
    '/a/a./xhr',
    '/./././xhr',
    '//a/xhr',
    '/a//xhr',
    '/a/b/c/xhr',
    '/a/b/xhr/',
    '/a/b/XHR',
    '/a/b/jsonp',
    '/a/b/jsonp_send',
    '/a/b/htmlfile',
    '/a/b/constructor',
    '/iframe',
    '/iframe.htm',
    '/iframe.HTML',
    '/IFRAME.HTML',
    '/iframe-/.html',
    `/a/${'x'.repeat(129)}/xhr`,
  ])('the route of %j is unknown', (path) => {
    expect(routeOf(path)).toEqual({ type: 'unknown' });
  });
});
