import { describe, expect, it } from 'vitest';
import { DialError, statusError } from '../../../../src/lib/transport/handshake/dial-error.js';
import { socketError } from '../../../../src/lib/transport/handshake/socket-error.js';
import { parseBaseUrl, pathUnder } from '../../../../src/lib/transport/handshake/session-url.js';

const url = new URL('http://user:secret@kites.example:3636/kite?token=secret');

function coded(code: string, message = 'it failed'): Error {
  return Object.assign(new Error(message), { code });
}

describe('a dial error', () => {
  it.each([
    ['ECONNREFUSED', 'refused'],
    ['ENOTFOUND', 'notFound'],
    ['EAI_AGAIN', 'notFound'],
    ['EHOSTUNREACH', 'unreachable'],
    ['ETIMEDOUT', 'timeout'],
    ['ECONNRESET', 'reset'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['CERT_HAS_EXPIRED', 'tls'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
    ['HPE_INVALID_CONSTANT', 'protocol'],
    ['ESOMETHING', 'protocol'],
  ])('for %s has the code %s, says where, and keeps secrets', (code, expected) => {
    const cause = coded(code);
    const error = socketError(url, cause);
    expect(error).toBeInstanceOf(DialError);
    expect(error).toMatchObject({
      name: 'DialError',
      code: expected,
      cause,
      url: 'http://kites.example:3636/kite',
    });
    expect(error.message).toMatch(/^Cannot connect to http:\/\/kites\.example:3636\/kite: /);
    expect(error.message).not.toContain('secret');
  });

  it('for an HTTP answer has its status and a hint', () => {
    expect(statusError(url, 404, 'a WebSocket')).toMatchObject({
      code: 'handshake',
      status: 404,
      message:
        'Cannot connect to http://kites.example:3636/kite: it answered with HTTP 404 in place of a WebSocket. ' +
        'Check the path: a kite is reached at /kite.',
    });
  });

  it('keeps the secrets of what is no URL', () => {
    const error = new DialError('invalidUrl', 'htp//me:secret@host/kite?token=secret', 'that is no URL.');
    expect(error.message).not.toContain('secret');
    expect(error.message).toContain('host/kite');
  });
});

describe('a request under a base URL', () => {
  it.each([
    ['http://h:3636/kite', '/000/s/websocket', '/kite/000/s/websocket'],
    ['https://h/kite/', '/000/s/websocket', '/kite/000/s/websocket'],
    ['wss://h/kite//', '/000/s', '/kite/000/s'],
    ['ws://h/proxy?kiteID=a%2Fb', '/000/s', '/proxy/000/s?kiteID=a%2Fb'],
    ['http://u:p%40@[::1]:80/', '/websocket', '/websocket'],
    ['http://h/kite#part', '/0/s', '/kite/0/s'],
  ])('%s has the path %s as %s', (base, path, expected) => {
    expect(pathUnder(new URL(base), path)).toBe(expected);
  });

  it.each(['', 'kite', 'localhost:3636/kite', 'ftp://h/kite', 'http://', '/kite', 'javascript:alert(1)'])(
    'is not made from %j',
    (text) => {
      expect(parseBaseUrl(text)).toBeUndefined();
    },
  );
});
