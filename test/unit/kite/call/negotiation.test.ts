import { describe, expect, it } from 'vitest';
import { EncodedResult } from '../../../../src/lib/kite/call/encoded-result.js';
import { NO_EXTENSIONS, SPOKEN_EXTENSIONS } from '../../../../src/lib/protocol/extensions.js';
import type { AnyPeer } from '../../../../src/lib/kite/call/peer.js';
import { bob, connected, makeCore, memoryDialer, settled } from '../../../helpers/kite/cores.js';
import { MemoryChannel } from '../../../helpers/transport/memory-channel.js';

/** The lists in messages: undefined where there is none. */
function lists(sent: readonly string[]): unknown[] {
  return sent.map(
    (text) => (JSON.parse(text) as { arguments: { extensions?: unknown }[] }).arguments[0]?.extensions,
  );
}

const spoken = new Set(SPOKEN_EXTENSIONS);

describe('the negotiation of extensions', () => {
  it('the first call and the first answer name the extensions, and no other message does', async () => {
    const { server, client, near, far } = await connected();
    server.handle('square', ({ args: [n] }) => (n as number) ** 2);
    expect(client.extensions).toBeUndefined();
    await client.tell('square', 4);
    await Promise.all([client.tell('square', 5), client.tell('square', 6)]);
    expect(lists(near.sent)).toEqual([SPOKEN_EXTENSIONS, undefined, undefined]);
    expect(lists(far.sent)).toEqual([SPOKEN_EXTENSIONS, undefined, undefined]);
    expect(client.extensions).toEqual(spoken);
    expect([...server.accepted][0]?.extensions).toEqual(spoken);
  });

  it.each([
    ['nosuch', 'methodNotFound'],
    ['fail', 'genericError'],
    ['unanswerable', 'genericError'],
  ])('the first answer names the extensions if it is an error: %s', async (method, type) => {
    const { server, client, far } = await connected();
    server.handle('fail', () => Promise.reject(new Error('failed')));
    server.handle('unanswerable', () => [Symbol('x')]);
    await expect(client.tell(method)).rejects.toMatchObject({ type });
    expect(lists(far.sent)).toEqual([SPOKEN_EXTENSIONS]);
    expect(client.extensions).toEqual(spoken);
  });

  it('the first answer names the extensions if it contains functions, or is encoded in pieces', async () => {
    for (const result of [
      () => ({ stop: () => undefined }),
      () => {
        const encoded = new EncodedResult();
        encoded.add('[1,');
        encoded.add('2]');
        return encoded;
      },
    ]) {
      const { server, client, far } = await connected();
      server.handle('give', result);
      await client.tell('give');
      expect(lists(far.sent)).toEqual([SPOKEN_EXTENSIONS]);
      expect(client.extensions).toEqual(spoken);
    }
  });

  it('a kite that calls first names its extensions in this call, and the client in its answer', async () => {
    const peers: AnyPeer[] = [];
    const { server, caller, client, near, far } = await connected({ trustRemote: true });
    server.on('firstRequest', (peer) => void peers.push(peer));
    caller.handle('hello', () => 'hello');
    const [peer] = server.accepted;
    expect(await peer?.tell('hello')).toBe('hello');
    expect(lists(far.sent)).toEqual([SPOKEN_EXTENSIONS]);
    expect(lists(near.sent)).toEqual([SPOKEN_EXTENSIONS]);
    server.handle('square', () => 16);
    await client.tell('square');
    expect(lists([...near.sent, ...far.sent]).filter(Boolean)).toHaveLength(2);
    expect([client.extensions, peer?.extensions]).toEqual([spoken, spoken]);
  });

  it('two sides that call each other at the same time name their extensions once each', async () => {
    const { server, caller, client, near, far } = await connected({ trustRemote: true });
    server.handle('square', () => 16);
    caller.handle('square', () => 16);
    const [peer] = server.accepted;
    await Promise.all([client.tell('square'), peer?.tell('square')]);
    expect(lists(near.sent)).toEqual([SPOKEN_EXTENSIONS, undefined]);
    expect(lists(far.sent)).toEqual([SPOKEN_EXTENSIONS, undefined]);
    expect([client.extensions, peer?.extensions]).toEqual([spoken, spoken]);
  });

  it('a handler that calls back before it answers names its extensions in its call', async () => {
    const { server, caller, client, far } = await connected({ trustRemote: true });
    caller.handle('hello', () => 'hello');
    server.handle('reverse', (request) => request.client.tell('hello'));
    await client.tell('reverse');
    expect(lists(far.sent)).toEqual([SPOKEN_EXTENSIONS, undefined]);
    expect(client.extensions).toEqual(spoken);
  });

  it('kite.describe names the extensions to callers that speak some, and only to them', async () => {
    const { client } = await connected();
    const { extensions } = await client.tell<{ extensions: unknown }>('kite.describe');
    expect(extensions).toEqual(SPOKEN_EXTENSIONS);
    const [near, far] = MemoryChannel.pair();
    makeCore().accept(far);
    near.start({ message: () => undefined, drain: () => undefined, close: () => undefined });
    const options = '{"withArgs":[],"authentication":{"type":"name","key":"bob"}}';
    near.send(`{"method":"kite.describe","arguments":[${options}],"callbacks":{"0":[0,"responseCallback"]}}`);
    await settled();
    expect(far.sent[0]).toContain('"methods":[');
    expect(far.sent[0]).not.toContain('extensions');
    near.close();
  });

  it('a client names its extensions again after it has reconnected', async () => {
    const server = makeCore();
    const { dialer, ends } = memoryDialer(server);
    const client = makeCore({ dialer }).newClient('memory:', { auth: bob });
    for (const round of [0, 1]) {
      await client.dial();
      expect(client.extensions).toBeUndefined();
      await client.tell('kite.ping');
      expect(lists(ends[round]?.near.sent ?? [])).toEqual([SPOKEN_EXTENSIONS]);
      ends[round]?.near.close();
      await settled();
    }
    expect(client.extensions).toBeUndefined();
  });

  it('a client learns the extensions from an answer to a call that has timed out', async () => {
    const { server, caller, client } = await connected();
    const finish: (() => void)[] = [];
    server.handle('late', () => new Promise<void>((resolve) => finish.push(resolve)));
    const call = expect(client.tellWithTimeout(10, 'late')).rejects.toMatchObject({ type: 'timeout' });
    await settled();
    finish[0]?.();
    caller.clock.advance(10);
    await call;
    await settled();
    await client.tell('kite.ping');
    expect(client.extensions).toEqual(spoken);
  });

  it('a peer whose first call or answer has no list of extensions never gets one', async () => {
    const [near, far] = MemoryChannel.pair();
    const core = makeCore();
    core.handle('reverse', ({ client }) => client.call('hello', [])).disableAuthentication();
    const peer = core.accept(far);
    near.start({ message: () => undefined, drain: () => undefined, close: () => undefined });
    near.send('{"method":"kite.ping","arguments":[],"callbacks":{"0":[0,"responseCallback"]}}');
    near.send(
      '{"method":"reverse","arguments":[{"extensions":["cancel"]}],"callbacks":{"1":[0,"responseCallback"]}}',
    );
    await settled();
    expect(peer.extensions).toBe(NO_EXTENSIONS);
    expect(lists(far.sent)).toEqual([undefined, undefined]);
    near.send('{"method":0,"arguments":[{"error":null,"result":1,"extensions":["cancel"]}],"callbacks":{}}');
    await settled();
    expect(peer.extensions).toBe(NO_EXTENSIONS);
    near.close();
  });

  it.each(['"cancel"', 'null', '{"0":"cancel"}', '7', '[[[]]]', '["__proto__","constructor"]', '[null]'])(
    'a list of extensions that is %s is read as an empty one',
    async (list) => {
      const [near, far] = MemoryChannel.pair();
      const core = makeCore();
      const peer = core.accept(far);
      near.start({ message: () => undefined, drain: () => undefined, close: () => undefined });
      const options = `{"withArgs":[],"extensions":${list}}`;
      near.send(`{"method":"kite.ping","arguments":[${options}],"callbacks":{"0":[0,"responseCallback"]}}`);
      await settled();
      expect(peer.extensions).toBe(NO_EXTENSIONS);
      expect(far.sent[0]).toContain('"result":"pong"');
      near.close();
    },
  );

  it('a list of a million names costs a peer nothing but its message', async () => {
    const [near, far] = MemoryChannel.pair();
    const core = makeCore();
    const peer = core.accept(far);
    near.start({ message: () => undefined, drain: () => undefined, close: () => undefined });
    const names = Array.from({ length: 1_000_000 }, (_, index) => `"${index}"`).join();
    const options = `{"withArgs":[],"extensions":["cancel",${names}]}`;
    near.send(`{"method":"kite.ping","arguments":[${options}],"callbacks":{"0":[0,"responseCallback"]}}`);
    await settled();
    expect([...(peer.extensions ?? [])]).toEqual(['cancel']);
    expect(far.sent[0]).toContain('"result":"pong"');
    near.close();
  });
});
