import { describe, expect, it } from 'vitest';
import { ClientAccess } from '../../../src/lib/kite/client-access.js';
import { CACHED_ACCESS } from '../../../src/lib/kite/limits/kite-limits.js';
import { makeAuthority } from '../../helpers/transport/authority.js';

describe('the access of clients to servers', () => {
  it('clients without options of their own share those of the kite', () => {
    const access = new ClientAccess({ headers: { 'X-A': '1' } });
    expect(access.for(undefined)).toBe(access.shared);
    expect(access.for({ ca: undefined })).toBe(access.shared);
    expect(access.shared).toEqual({ headers: { 'X-A': '1' } });
  });

  it('an option of a client replaces that of the kite, and the others stay', () => {
    const access = new ClientAccess({ headers: { 'X-A': '1' }, insecure: true });
    expect(access.for({ headers: { 'X-B': '2' } })).toEqual({
      headers: { 'X-B': '2' },
      tls: { rejectUnauthorized: false },
    });
    expect(access.for({ insecure: false })).toEqual({ headers: { 'X-A': '1' } });
  });

  it('the certificates of a client are parsed once', async () => {
    const { ca } = await makeAuthority('one');
    const access = new ClientAccess();
    expect(access.for({ ca })).toBe(access.for({ ca }));
    expect(access.for({ ca })).not.toBe(access.shared);
  });

  it('the access of more clients than are cached is made again', () => {
    const access = new ClientAccess();
    const nth = (n: number) => access.for({ headers: { 'X-A': String(n) } });
    const first = nth(0);
    for (let n = 1; n < CACHED_ACCESS; n++) nth(n);
    expect(nth(0)).toBe(first);
    nth(CACHED_ACCESS);
    expect(nth(0)).not.toBe(first);
    expect(nth(0)).toEqual(first);
  });

  it('an option that cannot be used is identified, without secrets', () => {
    expect(() => new ClientAccess({ ca: 'x' })).toThrow('The option ca is not a certificate in PEM');
    for (const access of [null, 'x', 5])
      expect(() => new ClientAccess(access as never)).toThrow('The option serverAccess is not an object');
    const headers = { 'X-A': 'hunter2\n' };
    const run = (): unknown => new ClientAccess().for({ headers });
    expect(run).toThrow('The option headers cannot be sent: the value of the header X-A has a line break');
  });
});
