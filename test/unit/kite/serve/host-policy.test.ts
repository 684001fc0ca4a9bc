import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { HostPolicy } from '../../../../src/lib/kite/serve/host-policy.js';

function request(host: string | undefined): IncomingMessage {
  return { headers: { ...(host !== undefined && { host }) } } as IncomingMessage;
}

describe('where only this machine can connect', () => {
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
  ])('takes %j for its own name', (host) => {
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
  ])('does not take %j for its own name', (host) => {
    expect(policy.allows(request(host), true)).toBe(false);
  });

  it('takes the names that it was given, and that of the URL under which it is known', () => {
    const named = new HostPolicy(['Math.example.com']);
    named.addUrl('https://kites.example.com:8443/math/kite');
    named.addUrl('not a valid URL');
    expect(named.allows(request('math.EXAMPLE.com:3636'), true)).toBe(true);
    expect(named.allows(request('kites.example.com'), true)).toBe(true);
    expect(named.allows(request('example.com'), true)).toBe(false);
    expect(named.allows(request('192.168.1.5'), true)).toBe(false);
  });

  it.each(['*', ['*']] as const)('takes any name where it is told %j', (any) => {
    expect(new HostPolicy(any).allows(request('evil.example'), true)).toBe(true);
  });
});

describe('where others can connect', () => {
  it('takes any name, as long as none was given', () => {
    const policy = new HostPolicy(undefined);
    policy.addUrl('https://kites.example.com/kite');
    expect(policy.allows(request('math.internal:3636'), false)).toBe(true);
  });

  it('takes the names that it was given, addresses and loopback, once it was given one', () => {
    const policy = new HostPolicy(['math.example.com']);
    for (const host of ['math.example.com', '192.168.1.5:3636', '[fd00::1]:3636', 'localhost:3636'])
      expect(policy.allows(request(host), false)).toBe(true);
    for (const host of ['evil.example', '192.168.1.5.evil.example', '1.2.3.4.5', 'fd00--1'])
      expect(policy.allows(request(host), false)).toBe(false);
  });
});
