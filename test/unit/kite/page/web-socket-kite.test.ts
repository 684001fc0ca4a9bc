import { expect, it, onTestFinished } from 'vitest';
import { WebSocketKite } from '../../../../src/lib/kite/page/web-socket-kite.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { ALL_TRANSPORTS, WEB_SOCKET_TRANSPORTS } from '../../../helpers/transport/transports.js';

const OTHERS = ALL_TRANSPORTS.filter((name) => !WEB_SOCKET_TRANSPORTS.some((known) => known === name));

function makeKite(options: object = {}): WebSocketKite {
  const kite = new WebSocketKite('page', '1.0.0', { logger: silentLogger, ...options });
  onTestFinished(() => kite.close());
  return kite;
}

it.each([...OTHERS, 'Session', 'unknown'])(
  'a kite that uses WebSockets only rejects the transport %s of a client and of itself',
  async (transport) => {
    const error = {
      type: 'configurationError',
      code: 'badValue',
      message: `kitectl/browser/core does not support the transport ${transport}: use kitectl/browser`,
    };
    const options = { transport } as object;
    await expect(makeKite().newClient('http://127.0.0.1:1', options).dial()).rejects.toMatchObject(error);
    await expect(makeKite(options).newClient('http://127.0.0.1:1').dial()).rejects.toMatchObject(error);
  },
);

it('a kite that uses WebSockets only rejects a client that would have to renew its token', async () => {
  const options = { renewToken: () => Promise.resolve('token') } as object;
  await expect(makeKite().newClient('http://127.0.0.1:1', options).dial()).rejects.toMatchObject({
    type: 'configurationError',
    code: 'badValue',
    message: 'kitectl/browser/core does not support renewToken: use kitectl/browser',
  });
});

it('a kite that uses WebSockets only has no client of Kontrol', () => {
  expect('kontrol' in makeKite()).toBe(false);
});
