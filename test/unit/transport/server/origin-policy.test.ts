import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { OriginPolicy } from '../../../../src/lib/transport/server/origin-policy.js';

function request(origin?: string, host = 'kites.example.com:3636'): IncomingMessage {
  return { headers: { host, ...(origin !== undefined && { origin }) } } as IncomingMessage;
}

describe('the default origin policy', () => {
  const policy = new OriginPolicy([]);

  it.each([
    undefined,
    'http://kites.example.com:3636',
    'https://kites.example.com:3636',
    'HTTP://Kites.Example.com:3636',
    'http://localhost',
    'http://localhost:8080',
    'http://127.0.0.1:3000',
    'https://127.8.9.10',
    'http://[::1]:3000',
  ])('the default origin policy accepts %j', (origin) => {
    expect(policy.allows(request(origin))).toBe(true);
  });

  it.each([
    'null',
    '',
    'http://evil.example',
    'http://kites.example.com',
    'http://kites.example.com:3636.evil.example',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'http://evil.example/http://localhost',
    'file://localhost',
    'http://user@localhost',
  ])('the default origin policy rejects %j', (origin) => {
    expect(policy.allows(request(origin))).toBe(false);
  });

  it('the default origin policy rejects an empty host that is equal on both sides', () => {
    expect(policy.allows(request('null', ''))).toBe(false);
  });

  it('the default origin policy allows only its own pages and loopback as frame ancestors', () => {
    const header = policy.framePolicy()['content-security-policy'];
    expect(header).toContain("frame-ancestors 'self' http://localhost:*");
    expect(header).not.toContain('example');
  });
});

describe('an origin policy with a list', () => {
  const policy = new OriginPolicy(['https://App.example.com', "https://bad.example; script-src 'none'"]);

  it('an origin policy with a list accepts exactly its origins', () => {
    expect(policy.allows(request('https://app.example.com'))).toBe(true);
    expect(policy.allows(request('http://app.example.com'))).toBe(false);
    expect(policy.allows(request('https://app.example.com:444'))).toBe(false);
  });

  it('an origin policy with a list sends its origins as frame ancestors, and no malformed ones', () => {
    const header = String(policy.framePolicy()['content-security-policy']);
    expect(header).toMatch(/ https:\/\/app\.example\.com$/);
    expect(header).not.toContain('bad.example');
  });
});

it('an origin policy with * accepts any page', () => {
  for (const policy of [new OriginPolicy('*'), new OriginPolicy(['*'])]) {
    expect(policy.allows(request('null'))).toBe(true);
    expect(policy.allows(request('https://anywhere.example'))).toBe(true);
    expect(policy.framePolicy()).toEqual({});
  }
});

it('an origin policy sends the origin back to browsers, and a star to programs', () => {
  const policy = new OriginPolicy([]);
  expect(policy.corsHeaders(request('http://localhost:1'))).toEqual({
    'access-control-allow-origin': 'http://localhost:1',
    'access-control-allow-credentials': 'true',
    vary: 'Origin',
  });
  expect(policy.corsHeaders(request())).toEqual({
    'access-control-allow-origin': '*',
    'access-control-allow-credentials': 'true',
  });
});
