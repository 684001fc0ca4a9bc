import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { TrustedProxies } from '../../../../src/lib/transport/server/trusted-proxies.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';

const NETWORKS = ['10.0.0.0/8', 'fd00::/8', '192.0.2.1'];

type Headers = Readonly<Record<string, string>>;

function request(
  remoteAddress: string | undefined,
  headers: Headers,
): Pick<IncomingMessage, 'headers' | 'socket'> {
  return { socket: { remoteAddress, remotePort: 4711 } as Socket, headers };
}

function addressOf(remoteAddress: string | undefined, headers: Headers): string {
  return new TrustedProxies(NETWORKS, silentLogger).addressOf(request(remoteAddress, headers));
}

const list = (value: string): Headers => ({ 'x-forwarded-for': value });
const forwarded = (value: string): Headers => ({ forwarded: value });

const PROXY = '10.1.2.3:4711';

describe('trusted proxies', () => {
  it.each([
    // What proxies append.
    [list('203.0.113.7'), '203.0.113.7'],
    [list('203.0.113.7:50412'), '203.0.113.7:50412'],
    [list('2001:db8::1'), '[2001:db8::1]'],
    [list('[2001:db8::1]'), '[2001:db8::1]'],
    [list('[2001:DB8::1]:80'), '[2001:db8::1]:80'],
    [list('::ffff:203.0.113.7'), '203.0.113.7'],
    [list(' 203.0.113.7 '), '203.0.113.7'],
    // Several trusted proxies, and what the client has sent before them.
    [list('203.0.113.7, 10.9.9.9'), '203.0.113.7'],
    [list('203.0.113.7, fd00::1, 192.0.2.1, 10.0.0.1'), '203.0.113.7'],
    [list('6.6.6.6, 203.0.113.7'), '203.0.113.7'],
    [list('10.6.6.6, 203.0.113.7, 10.0.0.1'), '203.0.113.7'],
    [list('nonsense, 203.0.113.7'), '203.0.113.7'],
    [list('10.0.0.1, 10.0.0.2'), '10.0.0.1'],
    // A trusted proxy that does not know its client.
    [list('203.0.113.7, unknown'), PROXY],
    [list('203.0.113.7, unknown, 10.0.0.9'), '10.0.0.9'],
    [list('203.0.113.7,'), PROXY],
    [list(''), PROXY],
    [list('localhost'), PROXY],
    [list('203.0.113.7:http'), PROXY],
    [list('1.2.3.4\u0000'), PROXY],
    [list(`${'1.1.1.1,'.repeat(2000)}203.0.113.7`), '203.0.113.7'],
    [{}, PROXY],
    [{ 'x-real-ip': '203.0.113.7' }, PROXY],
    // RFC 7239.
    [forwarded('for=203.0.113.7'), '203.0.113.7'],
    [forwarded('For="[2001:db8:cafe::17]:4711"'), '[2001:db8:cafe::17]:4711'],
    [forwarded('for=203.0.113.7;proto=http;by=203.0.113.43'), '203.0.113.7'],
    [forwarded('proto=https ; for=203.0.113.7'), '203.0.113.7'],
    [forwarded('for=6.6.6.6, for=203.0.113.7;by=10.0.0.1, for=10.0.0.1'), '203.0.113.7'],
    [forwarded('for="203.0.113.7:8080"'), '203.0.113.7:8080'],
    [forwarded('for="203.0.113\\.7"'), '203.0.113.7'],
    [forwarded('host="a, for=6.6.6.6", for=203.0.113.7'), '203.0.113.7'],
    [forwarded('for=203.0.113.7, for=_hidden'), PROXY],
    [forwarded('for=203.0.113.7, for=unknown'), PROXY],
    [forwarded('for=203.0.113.7, proto=https'), PROXY],
    [forwarded('for=203.0.113.7, '), PROXY],
    [forwarded(''), PROXY],
    [forwarded('203.0.113.7'), PROXY],
    // What a client may send so that the element of the proxy is not read.
    [forwarded('for=6.6.6.6;x=", for=203.0.113.7'), PROXY],
    [forwarded('for=6.6.6.6;x=", for="[2001:db8::1]"'), PROXY],
    [forwarded('for=6.6.6.6;x="\\", for=203.0.113.7'), PROXY],
    [forwarded('for=6.6.6.6; , for=203.0.113.7'), PROXY],
    // Both: one of them is that of the client.
    [{ ...list('203.0.113.7'), ...forwarded('for=203.0.113.7') }, '203.0.113.7'],
    [{ ...list('203.0.113.7'), ...forwarded('for="203.0.113.7:1"') }, '203.0.113.7'],
    [{ ...list('203.0.113.7'), ...forwarded('for=6.6.6.6') }, PROXY],
    [{ ...list('6.6.6.6'), ...forwarded('for=203.0.113.7') }, PROXY],
    [{ ...list('6.6.6.6'), ...forwarded('for=_hidden') }, PROXY],
    [{ ...list('unknown'), ...forwarded('for=6.6.6.6') }, PROXY],
  ])('a trusted proxy that sends %j names the client %s', (headers, client) => {
    expect(addressOf('10.1.2.3', headers)).toBe(client);
  });

  it.each(['203.0.113.9', '::ffff:203.0.113.9', '127.0.0.1', '::1', '2001:db8::9'])(
    'nothing is believed of %s, which is not a trusted proxy',
    (address) => {
      const own = address.includes(':') ? `[${address}]:4711` : `${address}:4711`;
      expect(addressOf(address, list('6.6.6.6'))).toBe(own);
      expect(addressOf(address, forwarded('for=6.6.6.6'))).toBe(own);
      expect(addressOf(address, list('6.6.6.6, 10.0.0.1'))).toBe(own);
    },
  );

  it.each(['::ffff:10.1.2.3', 'fd12::1', '192.0.2.1'])('the proxy at %s is trusted', (address) => {
    expect(addressOf(address, list('203.0.113.7'))).toBe('203.0.113.7');
  });

  it('the address of a connection that has ended is unknown', () => {
    expect(addressOf(undefined, list('203.0.113.7'))).toBe('unknown');
  });

  it('a trusted proxy that passes on the other header of its clients is logged once', () => {
    const warnings: string[] = [];
    const proxies = new TrustedProxies(NETWORKS, { ...silentLogger, warn: (line) => warnings.push(line) });
    for (let count = 0; count < 3; count++)
      proxies.addressOf(request('10.1.2.3', { ...list('203.0.113.7'), ...forwarded('for=6.6.6.6') }));
    expect(warnings).toEqual([
      'A request from the trusted proxy 10.1.2.3:4711 has X-Forwarded-For and Forwarded with different clients, so neither is used. Configure the proxy to remove the one that it does not set',
    ]);
  });
});
