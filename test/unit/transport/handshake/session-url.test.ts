import { describe, expect, it } from 'vitest';
import { parseBaseUrl, pathUnder } from '../../../../src/lib/transport/handshake/session-url.js';

describe('a request under a base URL', () => {
  it.each([
    ['http://h:3636/kite', '/000/s/websocket', '/kite/000/s/websocket'],
    ['https://h/kite/', '/000/s/websocket', '/kite/000/s/websocket'],
    ['wss://h/kite//', '/000/s', '/kite/000/s'],
    ['ws://h/proxy?kiteID=a%2Fb', '/000/s', '/proxy/000/s?kiteID=a%2Fb'],
    ['http://u:p%40@[::1]:80/', '/websocket', '/websocket'],
    ['http://h/kite#part', '/0/s', '/kite/0/s'],
  ])('the path of the URL %s with %s appended is %s', (base, path, expected) => {
    expect(pathUnder(new URL(base), path)).toBe(expected);
  });

  it.each(['', 'kite', 'localhost:3636/kite', 'ftp://h/kite', 'http://', '/kite', 'javascript:alert(1)'])(
    'a session URL is not made from %j',
    (text) => {
      expect(parseBaseUrl(text)).toBeUndefined();
    },
  );
});
