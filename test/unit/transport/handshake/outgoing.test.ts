import { expect, it } from 'vitest';
import { outgoing } from '../../../../src/lib/transport/handshake/outgoing.js';
import { makeAuthority } from '../../../helpers/transport/authority.js';

it('an access without options sets nothing', () => {
  expect(outgoing({})).toEqual({});
  expect(outgoing({ insecure: false, headers: {} })).toEqual({});
});

it('certificates are parsed once, into a context that connections share', async () => {
  const { ca } = await makeAuthority('one');
  const { tls, headers } = outgoing({ ca, headers: { 'X-A': '1' } });
  expect(tls?.secureContext?.context).toBeDefined();
  expect(tls).not.toHaveProperty('rejectUnauthorized');
  expect(headers).toEqual({ 'X-A': '1' });
});

it('certificates are verified unless the option insecure is set', () => {
  expect(outgoing({ insecure: true })).toEqual({ tls: { rejectUnauthorized: false } });
});
