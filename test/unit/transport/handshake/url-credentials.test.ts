import { describe, expect, it } from 'vitest';
import { basicCredentials } from '../../../../src/lib/transport/handshake/url-credentials.js';

describe('basicCredentials', () => {
  it.each([
    ['http://host/', undefined],
    ['http://bob@host/', 'bob:'],
    ['http://:secret@host/', ':secret'],
    ['http://bob:a%20b%3A%40@host/', 'bob:a b:@'],
    ['http://bob:100%@host/', 'bob:100%'],
  ])('the credentials of %s are %s', (url, credentials) => {
    expect(basicCredentials(new URL(url))).toBe(credentials);
  });
});
