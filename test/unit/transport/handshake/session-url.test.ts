import { describe, expect, it } from 'vitest';
import {
  parseBaseUrl,
  requestPath,
  withoutUrlSecrets,
  withoutSecrets,
} from '../../../../src/lib/transport/handshake/session-url.js';

describe('a request under a base URL', () => {
  it.each([
    ['http://h:3636/kite', '/000/s/websocket', '/kite/000/s/websocket'],
    ['https://h/kite/', '/000/s/websocket', '/kite/000/s/websocket'],
    ['wss://h/kite//', '/000/s', '/kite/000/s'],
    ['ws://h/proxy?kiteID=a%2Fb', '/000/s', '/proxy/000/s?kiteID=a%2Fb'],
    ['http://u:p%40@[::1]:80/', '/websocket', '/websocket'],
    ['http://h/kite#part', '/0/s', '/kite/0/s'],
  ])('the path of the URL %s with %s appended is %s', (base, path, expected) => {
    expect(requestPath(new URL(base), path)).toBe(expected);
  });

  it.each(['', 'kite', 'localhost:3636/kite', 'ftp://h/kite', 'http://', '/kite', 'javascript:alert(1)'])(
    'a session URL is not made from %j',
    (text) => {
      expect(parseBaseUrl(text)).toBeUndefined();
    },
  );
});

describe('text about a URL', () => {
  it.each([
    'http://bob:PASS@h/x',
    'http://bob:PASS@@h/x',
    'http://bob:PA@SS@h/x',
    'http://bob:PASS/PASS@h:x/',
    'http://bob:PASS?PASS@h',
    'http://bob:PASS,PASS@h',
    'http://bob:PASS PASS@h',
    'http://bob:PASS#PASS@h:99999',
    'http:/bob:PASS@h',
    'http:\\\\bob:PASS@h',
    'wss:bob:PASS@h',
    '//bob:PASS@h',
    'bob:PASS@h:x',
    'http://h/kite,http://bob:PASS@h',
    'http://bob:PASS@h,http://bob:PASS@h',
  ])('text about the URL %j does not contain the password', (text) => {
    expect(withoutUrlSecrets(text)).not.toMatch(/PA|SS/);
    expect(withoutUrlSecrets(text)).toContain('…@h');
    expect(withoutSecrets(text)).not.toMatch(/PA|SS/);
  });

  it('text about a URL does not contain the query, and paths of files are unchanged', () => {
    expect(withoutSecrets('htp://h/kite?token=x')).toBe('"htp://h/kite?…"');
    expect(withoutSecrets(new URL('http://bob:x@h/kite?token=x#x'))).toBe('http://h/kite');
    expect(withoutUrlSecrets('/etc/tls@2/ca.pem')).toBe('/etc/tls@2/ca.pem');
    expect(withoutUrlSecrets('/what?')).toBe('/what?');
    expect(withoutUrlSecrets('htp://h/kite?token=x#y, http://i?z')).toBe('htp://h/kite?…, http://i?…');
  });
});
