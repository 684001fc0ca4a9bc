import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { openPolicy, type PolicyAction } from '../../../../src/lib/kontrol.js';
import type { WatchEvent } from '../../../../src/lib/kontrol/registry/watch-notifier.js';
import type { KiteIdentity } from '../../../../src/lib/protocol/identity.js';
import { registration, startKontrol } from '../../../helpers/kontrol/kontrol.js';
import { FakeStorage } from '../../../helpers/storage/fake-storage.js';

const KITES = 1000;

it('a watch gets no event before the response of its query, and those of all changes since the kites were listed', async () => {
  const { kontrol: first } = await startKontrol();
  const storage = new FakeStorage();
  for (let n = 0; n < KITES; n++) {
    const record = registration(`id${n}`, { username: 'mallory' });
    const keyId = first.keyPairs()[0]?.id ?? '';
    storage.stored.set(`id${n}`, { ...record, keyId, expiresAt: Number.MAX_SAFE_INTEGER });
  }
  // Kites are measured first, and then encoded.
  const listed: string[] = [];
  const gone: string[] = [];
  const policy = {
    ...openPolicy(),
    allows(action: PolicyAction, _username: string, kite: KiteIdentity): boolean {
      if (action === 'token') listed.push(kite.id);
      if (listed.length > KITES + KITES / 2 && gone.length < 20) {
        gone.push(listed[KITES + gone.length] ?? '');
        storage.emit({ type: 'delete', id: gone.at(-1) ?? '' });
      }
      return true;
    },
  };
  const { kontrol, url } = await startKontrol({ storage, policy });
  const socket = new WebSocket(`${url.replace('http', 'ws')}/websocket`);
  onTestFinished(() => socket.terminate());
  await new Promise((resolve) => socket.once('open', resolve));
  const messages: string[] = [];
  const told = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      messages.push(data.toString());
      if (messages.length === 21) resolve();
    });
  });
  const authentication = { type: 'kiteKey', key: await kontrol.newKiteKey('mallory') };
  const withArgs = [{ query: { username: 'mallory' }, watchCallback: '[Function]' }];
  socket.send(
    JSON.stringify({
      method: 'getKites',
      arguments: [{ kite: {}, authentication, withArgs, responseCallback: '[Function]' }],
      callbacks: { 1: [0, 'responseCallback'], 0: [0, 'withArgs', 0, 'watchCallback'] },
    }),
  );
  await told;
  const [response = '', ...events] = messages;
  expect(response).toContain('"watcherID"');
  expect(gone.filter((id) => response.includes(`"id":"${id}"`))).toHaveLength(20);
  const results = events.map(
    (event) => (JSON.parse(event) as { arguments: [{ result: WatchEvent }] }).arguments[0].result,
  );
  expect(results.map(({ action, kite }) => [action, kite.id])).toEqual(gone.map((id) => ['DEREGISTER', id]));
});
