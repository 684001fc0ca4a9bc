import { describe, expect, it } from 'vitest';
import {
  acceptKey,
  parseUpgradeResponse,
  upgradeRequest,
} from '../../../../src/lib/transport/websocket/upgrade.js';
import { RESPONSE_HEADER_BYTES } from '../../../../src/lib/transport/limits/transport-limits.js';
import { requestPath } from '../../../../src/lib/transport/handshake/session-url.js';

// The example key and answer of RFC 6455.
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

const HEADERS = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${ACCEPT}`];

function answer(headers: readonly string[], statusLine = 'HTTP/1.1 101 Switching Protocols'): string {
  return [statusLine, ...headers, '', ''].join('\r\n');
}

describe('an upgrade request', () => {
  it('an upgrade request has WebSocket version 13', () => {
    const request = upgradeRequest(new URL('http://[::1]:3636/kite'), '/kite/1/2/websocket?a=%20b', KEY);
    expect(request.split('\r\n')).toEqual([
      'GET /kite/1/2/websocket?a=%20b HTTP/1.1',
      'Host: [::1]:3636',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${KEY}`,
      '',
      '',
    ]);
  });

  it('an upgrade request omits the default port of its scheme from the host', () => {
    expect(upgradeRequest(new URL('https://example.com:443/'), '/', KEY)).toContain(
      '\r\nHost: example.com\r\n',
    );
    expect(upgradeRequest(new URL('http://example.com:443/'), '/', KEY)).toContain(
      '\r\nHost: example.com:443\r\n',
    );
  });

  it.each([
    ['bob:p%40ss', 'bob:p@ss'],
    ['bob', 'bob:'],
    [':x', ':x'],
    ['50%', '50%:'],
  ])('an upgrade request sends the credentials %j of the URL', (written, meant) => {
    const request = upgradeRequest(new URL(`ws://${written}@example.com/`), '/', KEY);
    expect(request).toContain(`\r\nAuthorization: Basic ${Buffer.from(meant).toString('base64')}\r\n`);
    expect(request).toContain('\r\nHost: example.com\r\n');
  });

  it('an upgrade request has additional headers, of which Authorization replaces the credentials of the URL', () => {
    const headers = { 'X-Tenant': 'blue', authorization: 'Bearer x' };
    const request = upgradeRequest(new URL('ws://bob:x@example.com/'), '/', KEY, headers);
    expect(request).toMatch(/\r\nX-Tenant: blue\r\nauthorization: Bearer x\r\n\r\n$/);
    expect(request).not.toContain('Basic');
  });

  it('an upgrade request has no header that was injected by the URL', () => {
    const url = new URL('ws://example.com/a\r\nX: y?b\r\nX: y');
    expect(upgradeRequest(url, requestPath(url, ''), KEY).split('\r\n')).toHaveLength(8);
  });
});

describe('an upgrade response', () => {
  it('the example response of RFC 6455 opens a WebSocket', () => {
    expect(acceptKey(KEY)).toBe(ACCEPT);
    const text = answer(HEADERS);
    expect(parseUpgradeResponse(text, KEY)).toEqual({ type: 'upgraded', length: text.length });
  });

  it('an upgrade response ends where the first frame begins', () => {
    const text = answer(HEADERS);
    expect(parseUpgradeResponse(`${text}\x81\x01o`, KEY)).toEqual({ type: 'upgraded', length: text.length });
  });

  it('an upgrade response may have other spellings', () => {
    const text = answer(
      ['UPGRADE:WebSocket', 'connection:\tkeep-alive , upgrade ', `sec-websocket-accept: ${ACCEPT}\t`, 'X:'],
      'HTTP/1.1 101',
    );
    expect(parseUpgradeResponse(text, KEY)).toMatchObject({ type: 'upgraded' });
  });

  it('an upgrade response may arrive byte by byte', () => {
    const text = answer(HEADERS);
    for (let length = 0; length < text.length; length++) {
      expect(parseUpgradeResponse(text.slice(0, length), KEY)).toBeUndefined();
    }
  });

  it('an upgrade response may follow an informational response', () => {
    const early = answer(['Link: </style.css>'], 'HTTP/1.1 103 Early Hints');
    const text = early + answer(HEADERS);
    expect(parseUpgradeResponse(early, KEY)).toBeUndefined();
    expect(parseUpgradeResponse(text, KEY)).toEqual({ type: 'upgraded', length: text.length });
  });

  it.each([200, 302, 404, 503])('an upgrade response with HTTP %d is a refusal', (status) => {
    const text = answer(['Content-Length: 5'], `HTTP/1.1 ${status} Whatever`);
    expect(parseUpgradeResponse(`${text}sorry`, KEY)).toEqual({ type: 'refused', status });
  });

  it('an upgrade response may be a refusal by HTTP/1.0', () => {
    const text = answer(['Content-Length: 0'], 'HTTP/1.0 501 Not Implemented');
    expect(parseUpgradeResponse(text, KEY)).toEqual({ type: 'refused', status: 501 });
  });

  it('an upgrade response that redirects has its new address', () => {
    const text = answer(['Location: https://kites.example/kite'], 'HTTP/1.1 308 Permanent Redirect');
    expect(parseUpgradeResponse(text, KEY)).toMatchObject({ location: 'https://kites.example/kite' });
  });

  it.each([
    ['HTTP/1.0, which has no upgrades', HEADERS, 'HTTP/1.0 101 Switching Protocols'],
    ['no upgrade', HEADERS.slice(1)],
    ['an upgrade to another protocol', ['Upgrade: h2c', ...HEADERS.slice(1)]],
    ['no Connection header', HEADERS.filter((header) => !header.startsWith('Connection'))],
    ['another Connection header', [HEADERS[0], 'Connection: no-upgrade', HEADERS[2]]],
    ['no answer to the key', HEADERS.slice(0, 2)],
    ['an answer to another key', [...HEADERS.slice(0, 2), `Sec-WebSocket-Accept: ${acceptKey('another')}`]],
    ['two answers to the key', [...HEADERS, HEADERS[2]]],
    ['an extension that was not offered', [...HEADERS, 'Sec-WebSocket-Extensions: permessage-deflate']],
    ['a protocol that was not offered', [...HEADERS, 'Sec-WebSocket-Protocol: chat']],
  ])('an upgrade response is rejected with %s', (_what, headers, statusLine?: unknown) => {
    expect(
      parseUpgradeResponse(answer(headers as string[], statusLine as string | undefined), KEY),
    ).toMatchObject({ type: 'invalid' });
  });

  it.each([
    ['another protocol', 'SSH-2.0-OpenSSH\r\n'],
    ['the alert of a TLS server', '\x15\x03\x03\x00\x02\x02\x46'],
    ['a status line in lower case', 'http/1.1 101 Switching Protocols\r\n'],
    ['HTTP/2', 'HTTP/2 101\r\n'],
    ['a status of four digits', answer(HEADERS, 'HTTP/1.1 1010')],
    ['a status of two', answer(HEADERS, 'HTTP/1.1 10 Switching Protocols')],
    ['a header without a colon', answer([...HEADERS, 'nonsense'])],
    ['a header without a name', answer([...HEADERS, ': nonsense'])],
    ['space before the colon', answer([...HEADERS, 'X : y'])],
    ['a header on two lines', answer([...HEADERS, 'X: y', ' z'])],
    ['a line feed within a header', answer([...HEADERS, 'X: y\nZ: z'])],
    ['an unterminated head', `HTTP/1.1 101 Switching Protocols\r\nX: ${'y'.repeat(RESPONSE_HEADER_BYTES)}`],
    ['other text after an informational response', `${answer([], 'HTTP/1.1 100 Continue')}SSH`],
  ])('an upgrade response is not HTTP with %s', (_what, text) => {
    expect(parseUpgradeResponse(text, KEY)).toEqual({ type: 'notHttp' });
  });
});
