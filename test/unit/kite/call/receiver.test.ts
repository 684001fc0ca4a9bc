import { describe, expect, it } from 'vitest';
import { connected, makeCore, memoryDialer } from '../../../helpers/kite/cores.js';

describe('a malformed frame', () => {
  it.each([
    'null',
    '[]',
    '{',
    '{"method":{}}',
    `{"method":"m","arguments":${'['.repeat(200)}${']'.repeat(200)}}`,
  ])('a malformed frame closes its connection only: %s', async (frame) => {
    const { server, client, far } = await connected();
    const other = makeCore({ dialer: memoryDialer(server).dialer }).newClient('memory:');
    await other.dial();
    const gone = new Promise<number>((resolve) => client.on('disconnect', resolve));
    far.deliver(frame);
    expect([1002, 1008]).toContain(await gone);
    expect(await other.tell('kite.ping')).toBe('pong');
  });
});
