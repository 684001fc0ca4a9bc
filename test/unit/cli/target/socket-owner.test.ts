import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listenerUids } from '../../../../src/lib/cli/target/socket-owner.js';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';

const line = (local: string, uid: number, state = '0A', inode = 1): string =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 ${inode} 1 0000000000000000 100 0 0 10 0`;

const ANY6 = '0'.repeat(32);

/** Reads tables that contain these lines. */
function tables(tcp: string[], tcp6?: string[]): (path: string) => string {
  return (path) => {
    const lines = path.endsWith('6') ? tcp6 : tcp;
    if (!lines) throw new Error('ENOENT');
    return [HEAD, ...lines, ''].join('\n');
  };
}

describe('the user of the socket that listens at a loopback address', () => {
  it.each<[name: string, address: string, tcp: string[], tcp6: string[] | undefined, uids: number[]]>([
    ['the address', '127.0.0.1:3636', [line('0100007F:0E34', 1000)], [], [1000]],
    ['another loopback address', '127.0.0.2:3636', [line('0200007F:0E34', 1000)], [], [1000]],
    ['each IPv4 address', '127.0.0.1:3636', [line('00000000:0E34', 1000)], undefined, [1000]],
    ['each address', '127.0.0.1:3636', [], [line(`${ANY6}:0E34`, 0)], [0]],
    ['a mapped address', '127.0.0.1:3636', [], [line('0000000000000000FFFF00000100007F:0E34', 7)], [7]],
    ['IPv4, dialed as IPv6', '[::ffff:127.0.0.1]:3636', [line('0100007F:0E34', 1000)], [], [1000]],
    ['the IPv6 address', '[::1]:3636', [], [line('00000000000000000000000001000000:0E34', 1000)], [1000]],
    ['each IPv6 address', '[::1]:3636', [], [line(`${ANY6}:0E34`, 1000)], [1000]],
    ['another address', '127.0.0.1:3636', [line('0200007F:0E34', 1000)], [], []],
    ['another port', '127.0.0.1:3636', [line('0100007F:0E35', 1000)], [], []],
    ['IPv4 only, dialed as IPv6', '[::1]:3636', [line('00000000:0E34', 1000)], [], []],
    ['nothing: the socket is connected', '127.0.0.1:3636', [line('0100007F:0E34', 1000, '01')], [], []],
    [
      'the address, which another user has left with connections',
      '127.0.0.1:3636',
      [line('0100007F:0E34', 1000), line('0100007F:0E34', 7, '01'), line('0100007F:0E34', 8, '08')],
      [],
      [1000, 7, 8],
    ],
    [
      'the address, with a connection that was not accepted and one that has ended',
      '127.0.0.1:3636',
      [line('0100007F:0E34', 1000), line('0100007F:0E34', 0, '01', 0), line('0100007F:0E34', 0, '06', 0)],
      [],
      [1000],
    ],
    [
      'several, of two users',
      '127.0.0.1:3636',
      [line('0100007F:0E34', 1000), line('0100007F:0E34', 1000)],
      [line(`${ANY6}:0E34`, 0)],
      [1000, 0],
    ],
  ])('the listener at %s is found', (_, address, tcp, tcp6, uids) => {
    expect(listenerUids(address, tables(tcp, tcp6))).toEqual(uids);
  });

  it('a system without tables reports no listener', () => {
    const none = (): string => {
      throw new Error('ENOENT');
    };
    expect(listenerUids('127.0.0.1:3636', none)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')(
    'the tables of this system are read to their end, although they are longer than a page',
    async () => {
      const servers = Array.from({ length: 120 }, (_, n) =>
        createServer().listen(0, n % 2 === 0 ? '127.0.0.1' : '127.0.0.2'),
      );
      onTestFinished(() => {
        for (const server of servers) server.close();
      });
      await Promise.all(servers.map((server) => once(server, 'listening')));
      for (const server of servers) {
        const { address, port } = server.address() as AddressInfo;
        expect(listenerUids(`${address}:${port}`)).toEqual([process.geteuid?.()]);
      }
    },
  );

  it.runIf(process.platform === 'linux').each(['127.0.0.1', '0.0.0.0', '::1', '::'])(
    'the tables of this system contain a socket of this process that listens at %s',
    async (host) => {
      const server = createServer().listen(0, host);
      await once(server, 'listening');
      onTestFinished(() => void server.close());
      const { port } = server.address() as AddressInfo;
      const address = host.includes(':') ? `[::1]:${port}` : `127.0.0.1:${port}`;
      expect(listenerUids(address)).toEqual([process.geteuid?.()]);
      if (host === '::') expect(listenerUids(`127.0.0.1:${port}`)).toEqual([process.geteuid?.()]);
    },
  );
});
