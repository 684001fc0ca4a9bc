import { describe, expect, it } from 'vitest';
import type { KontrolLink } from '../../../../src/lib/kite/kontrol/kontrol-link.js';
import { registerForever } from '../../../../src/lib/kite/kontrol/registration.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { settled } from '../../../helpers/kite/cores.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

/** A connection to a Kontrol that answers when the test requests it. */
function slowKontrol() {
  const asked: string[] = [];
  const answers: (() => void)[] = [];
  const client = {
    url: 'http://kontrol/kite',
    call: (_method: string, [{ url }]: [{ url: string }]) =>
      new Promise((resolve) => {
        asked.push(url);
        answers.push(() => resolve({ url }));
      }),
  };
  const link = { client, hasOthers: false, on: () => () => undefined, keep: () => () => undefined };
  return { asked, answer: () => answers.shift()?.(), link: link as unknown as KontrolLink };
}

describe('a registration that moves to another URL', () => {
  it('a registration that changes its URL calls Kontrol one at a time, and ends with the last URL', async () => {
    const { asked, answer, link } = slowKontrol();
    const clock = new ManualClock();
    const registered: string[] = [];
    const made = registerForever({
      link,
      url: 'http://a/',
      failed: () => {},
      registered: ({ url }) => Promise.resolve(void registered.push(url)),
      clock,
      logger: silentLogger,
    });
    answer();
    const registration = await made;
    expect(registration.url).toBe('http://a/');
    for (const url of ['http://b/', 'http://c/', 'http://d/']) registration.move(url);
    expect(asked).toEqual(['http://a/', 'http://b/']);
    answer();
    await settled();
    expect(asked).toEqual(['http://a/', 'http://b/', 'http://d/']);
    answer();
    await settled();
    expect(registered).toEqual(['http://a/', 'http://b/', 'http://d/']);
    registration.stop();
    registration.move('http://e/');
    expect(asked).toHaveLength(3);
  });
});
