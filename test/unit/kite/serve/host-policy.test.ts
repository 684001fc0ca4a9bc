import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { HostPolicy } from '../../../../src/lib/kite/serve/host-policy.js';

function request(host: string | undefined): IncomingMessage {
  return { headers: { ...(host !== undefined && { host }) } } as IncomingMessage;
}

describe('the host policy of a kite on loopback', () => {
  const policy = new HostPolicy(undefined);

  it.each([
    undefined,
    'localhost',
    'LOCALHOST:3636',
    'localhost.:3636',
    'app.localhost:3636',
    '127.0.0.1:3636',
    '127.8.9.10',
    '[::1]:3636',
  ])('a kite on loopback accepts the host %j', (host) => {
    expect(policy.allows(request(host), true)).toBe(true);
  });

  it.each([
    '',
    'evil.example:3636',
    'localhost.evil.example',
    '127.0.0.1.evil.example:3636',
    'evillocalhost',
    '192.168.1.5:3636',
    '[fd00::1]',
    'localhost@evil.example',
  ])('a kite on loopback rejects the host %j', (host) => {
    expect(policy.allows(request(host), true)).toBe(false);
  });

  it('a kite on loopback accepts its allowed hosts and the host of its URL', () => {
    const named = new HostPolicy(['Math.example.com']);
    named.addUrl('https://kites.example.com:8443/math/kite');
    named.addUrl('not a valid URL');
    expect(named.allows(request('math.EXAMPLE.com:3636'), true)).toBe(true);
    expect(named.allows(request('kites.example.com'), true)).toBe(true);
    expect(named.allows(request('example.com'), true)).toBe(false);
    expect(named.allows(request('192.168.1.5'), true)).toBe(false);
  });

  it.each(['*', ['*']] as const)('a kite on loopback accepts any host if the allowed hosts are %j', (any) => {
    expect(new HostPolicy(any).allows(request('evil.example'), true)).toBe(true);
  });
});

describe('the host policy of a kite on a public address', () => {
  it('a kite on a public address accepts any host if no hosts are set', () => {
    const policy = new HostPolicy(undefined);
    policy.addUrl('https://kites.example.com/kite');
    expect(policy.allows(request('math.internal:3636'), false)).toBe(true);
  });

  it('a kite on a public address accepts its allowed hosts, addresses and loopback if hosts are set', () => {
    const policy = new HostPolicy(['math.example.com']);
    for (const host of ['math.example.com', '192.168.1.5:3636', '[fd00::1]:3636', 'localhost:3636'])
      expect(policy.allows(request(host), false)).toBe(true);
    for (const host of ['evil.example', '192.168.1.5.evil.example', '1.2.3.4.5', 'fd00--1'])
      expect(policy.allows(request(host), false)).toBe(false);
  });
});
