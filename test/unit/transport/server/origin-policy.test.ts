import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { OriginPolicy } from '../../../../src/lib/transport/server/origin-policy.js';

function request(origin?: string, host = 'kites.example.com:3636'): IncomingMessage {
  return { headers: { host, ...(origin !== undefined && { origin }) } } as IncomingMessage;
}

describe('by default', () => {
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
  ])('lets %j in', (origin) => {
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
  ])('keeps %j out', (origin) => {
    expect(policy.allows(request(origin))).toBe(false);
  });

  it('keeps out an empty host that is the same on both sides', () => {
    expect(policy.allows(request('null', ''))).toBe(false);
  });

  it('lets only its own pages and loopback put it in a frame', () => {
    const header = policy.framePolicy()['content-security-policy'];
    expect(header).toContain("frame-ancestors 'self' http://localhost:*");
    expect(header).not.toContain('example');
  });
});

describe('with a list', () => {
  const policy = new OriginPolicy(['https://App.example.com', "https://bad.example; script-src 'none'"]);

  it('lets in what is on it, exactly', () => {
    expect(policy.allows(request('https://app.example.com'))).toBe(true);
    expect(policy.allows(request('http://app.example.com'))).toBe(false);
    expect(policy.allows(request('https://app.example.com:444'))).toBe(false);
  });

  it('names the list to browsers as who may put it in a frame, and nothing that is no origin', () => {
    const header = String(policy.framePolicy()['content-security-policy']);
    expect(header).toMatch(/ https:\/\/app\.example\.com$/);
    expect(header).not.toContain('bad.example');
  });
});

it('lets any page in when told so', () => {
  for (const policy of [new OriginPolicy('*'), new OriginPolicy(['*'])]) {
    expect(policy.allows(request('null'))).toBe(true);
    expect(policy.allows(request('https://anywhere.example'))).toBe(true);
    expect(policy.framePolicy()).toEqual({});
  }
});

it('echoes the origin to browsers, and answers programs with a star', () => {
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
