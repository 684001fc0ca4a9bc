import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../../src/lib/kite/limits/kite-limits.js';
import { CLOSE_FRAME_TIMEOUT } from '../../../../src/lib/transport/limits/transport-limits.js';
import type { PostResult } from '../../../../src/lib/transport/xhr/post.js';
import { XhrChannel } from '../../../../src/lib/transport/xhr/xhr-channel.js';
import { settled } from '../../../helpers/kite/cores.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

/** A session over XHR polling whose message the server does not take. The test answers its requests. */
async function withFailedMessage(failure: PostResult) {
  const clock = new ManualClock();
  const pending = new Map<string, (result: PostResult) => void>();
  const closes: { readonly code: number; readonly reason: string }[] = [];
  const http = {
    post: (path: string, _body: string, _sending: boolean, done: (result: PostResult) => void) => {
      pending.set(path, done);
      return { abort: () => undefined };
    },
    close: () => undefined,
  };
  const owner = { channelEnded: () => undefined };
  const base = { pollPath: 'poll', sendPath: 'send', http, limits: defaultLimits, clock, owner };
  const channel = new XhrChannel({ ...base, remoteAddress: '', extensions: [] });
  channel.start({
    message: () => undefined,
    drain: () => undefined,
    close: (code, reason) => void closes.push({ code, reason }),
  });
  channel.send(['{}']);
  await settled();
  pending.get('send')?.(failure);
  const polled = (text: string): void => pending.get('poll')?.({ status: 200, text, remoteAddress: '' });
  return { clock, closes, polled };
}

describe('a session over XHR polling whose message is not taken', () => {
  it.each([
    ['an HTTP status', { status: 404, text: '', remoteAddress: '' }],
    ['an error of the network', new Error('reset')],
  ])('the session ends with the close frame of the server instead of %s', async (_name, failure) => {
    const { closes, polled } = await withFailedMessage(failure);
    polled('c[1012,"All calls are answered"]\n');
    expect(closes).toEqual([{ code: 1012, reason: 'All calls are answered' }]);
  });

  it('the session ends with its own failure if the server sends something else', async () => {
    const { closes, polled } = await withFailedMessage(new Error('reset'));
    polled('h\n');
    expect(closes).toEqual([{ code: 1006, reason: 'reset' }]);
  });

  it('the session ends with its own failure after CLOSE_FRAME_TIMEOUT', async () => {
    const { clock, closes } = await withFailedMessage({ status: 404, text: '', remoteAddress: '' });
    expect(closes).toEqual([]);
    clock.advance(CLOSE_FRAME_TIMEOUT);
    expect(closes).toEqual([{ code: 1006, reason: 'The server responded to a message with HTTP 404' }]);
    expect(clock.timers).toBe(0);
  });
});
