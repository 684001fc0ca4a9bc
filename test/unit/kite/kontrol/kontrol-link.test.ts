import { expect, it, onTestFinished } from 'vitest';
import { KontrolLink } from '../../../../src/lib/kite/kontrol/kontrol-link.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { makeCore, settled } from '../../../helpers/kite/cores.js';
import { MemoryChannel } from '../../../helpers/transport/memory-channel.js';

it('a member of a Kontrol that shuts down calls the next one, while its call at the last one finishes', async () => {
  let finish: (value: unknown) => void = () => undefined;
  const kontrols = ['one', 'two'].map((name) => {
    const core = makeCore();
    core.handle('which', () => name).disableAuthentication();
    core.handle('slow', () => new Promise((resolve) => (finish = resolve))).disableAuthentication();
    return core;
  });
  const kite = makeCore({
    dialer: (url) => {
      const [near, far] = MemoryChannel.pair();
      kontrols[Number(new URL(url).port)]?.accept(far);
      return Promise.resolve(near);
    },
  });
  const link = new KontrolLink({
    urls: ['http://kontrol:0/kite', 'http://kontrol:1/kite'],
    auth: () => null,
    newClient: (url, options) => kite.newClient(url, options),
    clock: kite.clock,
    logger: silentLogger,
  });
  onTestFinished(() => link.close());
  expect(await link.call('which', [])).toBe('one');
  const slow = link.call('slow', []);
  await settled();
  const events: string[] = [];
  link.on('disconnect', () => events.push('disconnect'));
  link.on('connect', () => events.push('connect'));
  kontrols[0]?.drain();
  await settled();
  expect(await link.call('which', [])).toBe('two');
  finish('done');
  expect(await slow).toBe('done');
  for (const connection of kontrols[0]?.accepted ?? []) connection.close(3000, 'Go away!');
  await settled();
  expect(await link.call('which', [])).toBe('two');
  expect(events).toEqual(['disconnect', 'connect']);
});
