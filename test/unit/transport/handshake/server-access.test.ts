import { expect, it } from 'vitest';
import { accessOf } from '../../../../src/lib/transport/handshake/server-access.js';

it('the options of the access to a server are those that are set, without others', () => {
  const options = { ca: 'a', key: undefined, insecure: false, timeout: 4 };
  expect(accessOf(options)).toEqual({ ca: 'a', insecure: false });
  expect(accessOf(undefined)).toEqual({});
});
