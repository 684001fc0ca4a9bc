import { describe, expect, it } from 'vitest';
import { connected, settled } from '../../../helpers/kite/cores.js';

describe('a request', () => {
  it('a request has a signal that aborts when the caller disconnects, and not when the call ends', async () => {
    const { server, client } = await connected();
    const signals: AbortSignal[] = [];
    server.handle('done', ({ signal }) => void signals.push(signal));
    server.handle('never', ({ signal }) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    await client.tell('done');
    client.tell('never').catch(() => {});
    await settled();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
    client.close();
    await settled();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
  });
});
