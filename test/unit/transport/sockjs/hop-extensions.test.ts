import { describe, expect, it } from 'vitest';
import {
  requestedExtensions,
  supportedAmong,
  withExtensions,
  withoutBinary,
} from '../../../../src/lib/transport/sockjs/hop-extensions.js';

describe('the extensions of a hop', () => {
  it.each([
    ['/kite/000/abcdefgh/websocket', '/kite/000/abcdefgh/websocket?extensions=lines,binary'],
    ['/proxy/000/abcdefgh/xhr?kiteID=1', '/proxy/000/abcdefgh/xhr?kiteID=1&extensions=lines,binary'],
  ])('a client asks for extensions in the query of %s', (path, asked) => {
    expect(withExtensions(path)).toBe(asked);
    expect(requestedExtensions(asked)).toEqual(['lines', 'binary']);
  });

  it.each([
    ['/kite/000/abcdefgh/websocket', []],
    ['/kite/000/abcdefgh/websocket?extensions=', []],
    ['/kite/000/abcdefgh/websocket?extensions=unknown', []],
    ['/kite/000/abcdefgh/websocket?extensions=__proto__,constructor', []],
    ['/kite/000/abcdefgh/websocket?extensions=LINES', []],
    ['/kite/000/abcdefgh/websocket?my-extensions=lines', []],
    ['/kite/extensions=lines/websocket', []],
    ['/kite/000/abcdefgh/websocket?extensions=binary', []],
    ['/kite/000/abcdefgh/websocket?extensions=unknown,lines', ['lines']],
    ['/kite/000/abcdefgh/websocket?extensions=binary,lines,binary', ['lines', 'binary']],
    ['/kite/000/abcdefgh/websocket?extensions=unknown%2Clines&x=1', ['lines']],
  ])('a server reads the extensions that it supports from %s', (url, extensions) => {
    expect(requestedExtensions(url)).toEqual(extensions);
  });

  it('a client uses the extensions of the open frame that it supports', () => {
    expect(supportedAmong(['unknown', 7, null, ['lines'], 'lines', 'lines'])).toEqual(['lines']);
    expect(supportedAmong([])).toEqual([]);
  });

  it('a session over HTTP has no binary messages', () => {
    expect(withoutBinary(['lines', 'binary'])).toEqual(['lines']);
  });
});
