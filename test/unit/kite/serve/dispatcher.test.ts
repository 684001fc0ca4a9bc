import { describe, expect, it } from 'vitest';
import type { KiteCore } from '../../../../src/lib/kite/core/kite-core.js';
import { hostileErrors } from '../../../helpers/hostile-errors.js';
import { bob, connected, settled } from '../../../helpers/kite/cores.js';

describe('authentication', () => {
  it('authentication is required for every method that does not disable it', async () => {
    const { server, client } = await connected({}, { auth: null });
    server.handle('closed', () => 1);
    server.handle('open', () => 2).disableAuthentication();
    await expect(client.tell('closed')).rejects.toMatchObject({
      type: 'authenticationError',
      message: 'No authentication information is provided',
      id: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    });
    expect(await client.tell('open')).toBe(2);
  });

  it('authentication identifies the caller, whatever username the caller sends', async () => {
    const { server, client } = await connected({}, { auth: { type: 'name', key: 'mallory' } });
    server.handle('who', ({ username, kite, auth }) => [username, kite.username, kite.name, auth]);
    expect(await client.tell('who')).toEqual([
      'mallory',
      'mallory',
      'math',
      { type: 'name', key: 'mallory' },
    ]);
  });

  it('authentication is required of a dialed kite as well, except for trusted methods', async () => {
    const { server, caller, client } = await connected();
    caller.handle('secret', () => 'secret');
    caller.handle('hello', () => 'hello');
    server.handle('callback', ({ client: peer, args: [method] }) => peer.tell(method as string));
    await expect(client.tell('callback', 'hello')).rejects.toMatchObject({ type: 'authenticationError' });
    const trusting = caller.newClient('memory:', { auth: bob, trustRemote: ['hello'] });
    await trusting.dial();
    expect(await trusting.tell('callback', 'hello')).toBe('hello');
    await expect(trusting.tell('callback', 'secret')).rejects.toMatchObject({ type: 'authenticationError' });
    const all = caller.newClient('memory:', { auth: bob, trustRemote: true });
    await all.dial();
    expect(await all.tell('callback', 'secret')).toBe('secret');
  });
});

describe('concurrent calls on one connection', () => {
  it('calls with concurrent: false run one after the other', async () => {
    const { server, client } = await connected({ concurrent: false });
    const ran: string[] = [];
    server.handle<[string]>('m', async ({ args: [name] }) => {
      ran.push(`${name} begins`);
      await settled();
      ran.push(`${name} ends`);
    });
    await Promise.all([client.tell('m', 'a'), client.tell('m', 'b')]);
    expect(ran).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('calls with concurrent: false continue after one that failed', async () => {
    const { server, client } = await connected({ concurrent: false });
    server.handle('fail', () => Promise.reject(new Error('failed')));
    server.handle('ok', () => 'ok');
    const failed = expect(client.tell('fail')).rejects.toThrow('failed');
    expect(await client.tell('ok')).toBe('ok');
    await failed;
  });
});

it('the caller gets the type, message and code of an error that a handler throws, and never its stack', async () => {
  const { server, client } = await connected();
  server.handle('fails', () => {
    throw Object.assign(new Error('no'), { code: 'c', secret: 'x', cause: new Error('inner') });
  });
  const error: unknown = await client.tell('fails').catch((reason: unknown) => reason);
  expect(error).toMatchObject({ type: 'genericError', message: 'no', code: 'c' });
  expect(JSON.stringify(error)).not.toMatch(/secret|inner|dispatcher/);
});

/** Every place where code of a program runs during a call and can throw. */
const PLACES: Readonly<Record<string, (server: KiteCore, fail: () => never) => void>> = {
  'the handler': (server, fail) => void server.handle('fails', fail),
  'an async handler': (server, fail) => void server.handle('fails', async () => fail()),
  'a handler before the method': (server, fail) => void server.handle('fails', () => 1).preHandle(fail),
  'a handler after the method': (server, fail) => void server.handle('fails', () => 1).postHandle(fail),
  'a final function': (server, fail) => void server.handle('fails', () => 1).finalFunc(fail),
  'a handler for all methods': (server, fail) => {
    server.chain.pre.push(fail);
    server.handle('fails', () => 1);
  },
  'the schema of the arguments': (server, fail) =>
    void server.handle(
      'fails',
      { args: { '~standard': { version: 1, vendor: 'test', validate: fail } } },
      () => 1,
    ),
  'the property then of a result': (server, fail) =>
    // oxlint-disable-next-line unicorn/no-thenable -- what a handler may return
    void server.handle('fails', () => Object.defineProperty({}, 'then', { get: fail })),
  // oxlint-disable-next-line unicorn/no-thenable -- what a handler may return
  'the function then of a result': (server, fail) => void server.handle('fails', () => ({ then: fail })),
  'the function toJSON of a result': (server, fail) => void server.handle('fails', () => ({ toJSON: fail })),
  'a getter of a result': (server, fail) =>
    void server.handle('fails', () => Object.defineProperty({}, 'x', { enumerable: true, get: fail })),
};

console.log(`${Object.keys(PLACES).length} places of a call that can throw, ${hostileErrors().size} errors`);

describe.each(Object.keys(PLACES))('code of a program that throws in %s', (place) => {
  it.each([...hostileErrors().keys()])(
    `the caller gets one error if ${place} throws %s, and the connection continues`,
    async (what) => {
      const { server, client } = await connected();
      PLACES[place]?.(server, () => {
        throw hostileErrors().get(what);
      });
      await expect(client.tell('fails')).rejects.toMatchObject({ name: 'KiteError' });
      expect(client.connected).toBe(true);
      server.chain.pre.length = 0;
      server.handle('works', () => 1);
      expect(await client.tell('works')).toBe(1);
    },
  );
});
