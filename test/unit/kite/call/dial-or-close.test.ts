import { expect, it } from 'vitest';
import { dialOrClose } from '../../../../src/lib/kite/call/dial-or-close.js';
import { connected, makeCore } from '../../../helpers/kite/cores.js';

it('a client that connects is returned, and stays connected', async () => {
  const { client } = await connected();
  expect(await dialOrClose(client)).toBe(client);
  expect(client.connected).toBe(true);
});

it('a client that cannot connect is closed', async () => {
  const client = makeCore().newClient('memory:');
  await expect(dialOrClose(client)).rejects.toThrow('this kite does not dial');
  await expect(client.dial()).rejects.toMatchObject({ code: 'closed' });
});
