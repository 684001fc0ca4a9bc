import { describe, expect, it } from 'vitest';
import { redirectError } from '../../../../src/lib/transport/handshake/redirect-error.js';

function target(url: string, path: string, location: string | undefined, status = 307): string | undefined {
  const error = redirectError(new URL(url), path, { status, location });
  return error && (/ redirects to (\S+) /.exec(error.message)?.[1] ?? error.message);
}

describe('the error of a redirect', () => {
  it.each([
    ['http://a/kite', '/kite/1/2/xhr?q', 'https://b/kite/1/2/xhr?q', 'https://b/kite'],
    ['http://a/kite/', '/kite/1/2/xhr', '/other/1/2/xhr', 'http://a/other'],
    ['http://a/kite', '/kite/1/2/websocket', '//b/login?to=/kite', 'http://b/login'],
    ['ws://a/kite', '/kite', 'wss://b/kite', 'wss://b/kite'],
    ['ws://a:81/kite', '/kite', '/x', 'ws://a:81/x'],
    ['https://a/kite', '/kite/1/2/xhr', '../../x', 'https://a/kite/x'],
    ['https://a/', '/1/2/xhr', 'http://u:p@b/1/2/xhr#f', 'http://b/'],
  ])('the error of a redirect from %s (%s) to %s names %s', (url, path, location, expected) => {
    expect(target(url, path, location)).toBe(expected);
  });

  it('the error of a redirect has no control character of the header', () => {
    expect(target('http://a/kite', '/kite', 'http://b/\u001b[2J\u202e')).toBe('http://b/%1B[2J%E2%80%AE');
  });

  it.each([
    ['ftp://b/', 307],
    ['http://', 307],
    [undefined, 307],
    ['http://b/', 200],
    ['http://b/', 304],
  ])('a response is not a redirect with the location %s and the status %d', (location, status) => {
    expect(target('http://a/kite', '/kite', location, status)).toBeUndefined();
  });
});
