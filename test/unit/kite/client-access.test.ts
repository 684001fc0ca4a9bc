import { describe, expect, it } from 'vitest';
import { ClientAccess } from '../../../src/lib/kite/client-access.js';
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
    const options = { ca };
    expect(access.for(options)).toBe(access.for(options));
    expect(access.for(options)).not.toBe(access.shared);
  });

  it('an option that cannot be used is identified, without secrets', () => {
    expect(() => new ClientAccess({ ca: 'x' })).toThrow('The option ca is not a certificate in PEM');
    const headers = { 'X-A': 'hunter2\n' };
    const run = (): unknown => new ClientAccess().for({ headers });
    expect(run).toThrow('The option headers cannot be sent: the value of the header X-A has a line break');
  });
});
