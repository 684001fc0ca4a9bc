import { describe, expect, it } from 'vitest';
import { DialError, statusError } from '../../../../src/lib/transport/handshake/dial-error.js';

const url = new URL('http://user:secret@kites.example:3636/kite?token=secret');

describe('a dial error', () => {
  it('a dial error for an HTTP response has its status and a hint', () => {
    expect(statusError(url, 404, 'a WebSocket')).toMatchObject({
      code: 'handshake',
      status: 404,
      message: 'Cannot connect to http://kites.example:3636/kite: no kite at this path (HTTP 404)',
      hint: 'Try the path /kite.',
    });
  });

  it('a dial error hides the secrets of a malformed URL', () => {
    const error = new DialError('invalidUrl', 'htp//me:secret@host/kite?token=secret', 'it is not a URL.');
    expect(error.message).not.toContain('secret');
    expect(error.message).toContain('host/kite');
  });
});
