import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { RESERVED_DESCRIPTORS } from '../../../../src/lib/kite/limits/kite-limits.js';
import { DescriptorReserve } from '../../../../src/lib/kite/serve/descriptor-reserve.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';

function setUp(limit: number) {
  const lines: string[] = [];
  const note = (line: string): number => lines.push(line);
  const reserve = new DescriptorReserve({ ...silentLogger, info: note, error: note }, limit);
  const admits = (fd: number): boolean => reserve.admits({ _handle: { fd } } as unknown as Socket);
  return { reserve, admits, lines };
}

describe('DescriptorReserve', () => {
  it.each([
    [1024, 1024 - RESERVED_DESCRIPTORS],
    [40, 35],
  ])(
    'a server with %i descriptors gives connections those below %i, and logs a refusal once with the cure',
    (limit, first) => {
      const { admits, lines } = setUp(limit);
      expect([admits(first - 1), admits(first), admits(first + 1), admits(first - 1)]).toEqual([
        true,
        false,
        false,
        true,
      ]);
      expect(lines).toEqual([
        `Too many open files (${limit} file descriptors are allowed): new connections are refused. ` +
          'Raise ulimit -n, or LimitNOFILE of the systemd unit.',
      ]);
    },
  );

  it('a refusal is logged again once there were enough descriptors in between', () => {
    const { admits, lines } = setUp(80);
    for (const fd of [75, 65, 75, 40, 75]) admits(fd);
    expect(lines.map((line) => line.slice(0, 23))).toEqual([
      'Too many open files (80',
      'There are enough file d',
      'Too many open files (80',
    ]);
  });

  it('every connection is admitted where the system has no limit or no descriptors', () => {
    expect(setUp(Infinity).admits(100_000)).toBe(true);
    expect(setUp(40).reserve.admits({} as Socket)).toBe(true);
  });

  it('an error of the server is logged, with the cure once if there are no more descriptors', () => {
    const { reserve, lines } = setUp(1024);
    const error = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });
    for (const failure of [error, error, new Error('accept ECONNABORTED')]) reserve.serverFailed(failure);
    expect(lines).toEqual([
      expect.stringMatching(/^Too many open files \(accept EMFILE\).* Raise ulimit -n/),
      'The server failed to accept a connection: accept ECONNABORTED',
    ]);
  });
});
