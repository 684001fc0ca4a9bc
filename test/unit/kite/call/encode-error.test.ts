import { describe, expect, it } from 'vitest';
import { defaultLimits, isConfigurationError, KiteError } from '../../../../src/lib/index.js';
import { StorageError } from '../../../../src/lib/kontrol/storage/shared/storage.js';
import type { Logger } from '../../../../src/lib/util/logger.js';
import { ERROR_CAUSE_LENGTH } from '../../../../src/lib/protocol/protocol-limits.js';
import { untilAborted } from '../../../helpers/kite/endless.js';
import { connected, makeCore, settled } from '../../../helpers/kite/cores.js';
import { hostileErrors } from '../../../helpers/hostile-errors.js';
import { MemoryChannel } from '../../../helpers/transport/memory-channel.js';

/** Calls a method that throws, and returns the error that its caller gets and what was logged. */
async function thrown(value: unknown, options: Parameters<typeof connected>[0] = {}) {
  const warnings: string[] = [];
  const warn = (text: string): void => void warnings.push(text);
  const logger: Logger = { debug() {}, info() {}, warn, error() {} };
  const { server, client, far } = await connected({ logger, ...options });
  server.handle('fail', () => {
    throw value;
  });
  const caught: unknown = await client.tell('fail').catch((reason: unknown) => reason);
  return { caught: caught as KiteError, warnings, sent: far.sent.join('\n') };
}

class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status = 503;
  readonly headers = { authorization: 'secret' };
  readonly path = '/home/bob';
}

describe('errors of handlers', () => {
  it('an error arrives with its name, message, type, code, the message of its cause, and its data', async () => {
    const data = { after: 30, at: new Date(0), tags: new Set(['a']), bytes: new Uint8Array([1]) };
    const cause = Object.assign(new Error('connection refused'), { address: '10.0.0.1' });
    const { caught, sent } = await thrown(new KiteError('busy', 'later', { code: 'E1', data, cause }));
    expect(caught).toMatchObject({ type: 'busy', message: 'later', code: 'E1', name: 'KiteError', data });
    expect((caught.cause as Error).message).toBe('connection refused');
    expect(caught.id).toMatch(/^[0-9a-f]{16}$/);
    const other = await thrown(new RangeError('too far', { cause: 'text' }));
    expect(other.caught).toMatchObject({ type: 'genericError', name: 'RangeError', message: 'too far' });
    expect((other.caught.cause as Error).message).toBe('text');
    expect(other.caught.data).toBeUndefined();
    for (const secret of ['10.0.0.1', 'encode-error.test', 'stack', 'at '])
      expect(sent).not.toContain(secret);
    expect((caught.cause as Error).stack).toBe('Error: connection refused');
  });

  it('the message of a cause that is internal to this library does not arrive', async () => {
    const cause = new StorageError('unavailable', 'The file store in /var/lib/kontrol cannot be read');
    const { sent } = await thrown(new KiteError('genericError', 'later', { cause }));
    expect(sent).not.toContain('/var/lib');
  });

  it('other fields of other errors arrive only if the kite names them, and the stack never', async () => {
    const plain = await thrown(new HttpError('unavailable'));
    expect(plain.caught).toMatchObject({ name: 'HttpError', type: 'genericError' });
    expect(plain.sent).not.toMatch(/503|secret|bob/);
    const named = await thrown(new HttpError('unavailable'), { errorFields: ['status', 'stack', 'missing'] });
    expect(named.caught.data).toEqual({ status: 503 });
    expect(named.sent).not.toMatch(/secret|bob|HttpError:/);
    const own = await thrown(new KiteError('busy', 'later', { data: 1 }), { errorFields: ['id'] });
    expect(own.caught.data).toBe(1);
  });

  it('limits.errorDataBytes and limits.errorDataDepth bound the data, without which the error is sent then', async () => {
    const limits = { ...defaultLimits, errorDataBytes: 10, errorDataDepth: 2 };
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    const cases: readonly (readonly [unknown, string])[] = [
      ['12345678', ''],
      ['123456789', 'limits.errorDataBytes'],
      [[[1]], ''],
      [[[[1]]], 'levels'],
      [cyclic, 'itself'],
      [{ fn: () => 1 }, 'function'],
      [Symbol('x'), 'Symbol'],
    ];
    for (const [data, problem] of cases) {
      const { caught, warnings } = await thrown(new KiteError('busy', 'later', { data }), { limits });
      expect(caught.message).toBe('later');
      expect(caught.data).toEqual(problem === '' ? data : undefined);
      expect(warnings.join()).toContain(problem);
      expect(warnings).toHaveLength(problem === '' ? 0 : 1);
    }
  });

  it('the name and the message of the cause of an error are shortened, at both ends', async () => {
    const cause = new Error('c'.repeat(ERROR_CAUSE_LENGTH + 1));
    const error = Object.assign(new Error('x', { cause }), { name: 'n'.repeat(200) });
    const { caught } = await thrown(error);
    expect([caught.name.length, (caught.cause as Error).message.length]).toEqual([100, ERROR_CAUSE_LENGTH]);
  });

  it.each([...hostileErrors()])('%s that a handler throws is sent as an error', async (_name, error) => {
    const { caught } = await thrown(error, { errorFields: ['type', 'code', 'name', 'message'] });
    expect(caught.type).toBe('genericError');
  });

  it('a peer that has not named the extension gets the four fields of 2014', async () => {
    const [near, far] = MemoryChannel.pair();
    const core = makeCore();
    const fail = (): never => {
      throw new KiteError('busy', 'later', { code: 'E1', data: 1, cause: new Error('because') });
    };
    core.handle('fail', fail).disableAuthentication();
    core.accept(far);
    near.start({ message: () => undefined, drain: () => undefined, close: () => undefined });
    near.send(
      '{"method":"fail","arguments":[{"withArgs":[],"responseCallback":"[Function]"}],"callbacks":{"0":[0,"responseCallback"]}}',
    );
    await settled();
    const { error } = (JSON.parse(far.sent[0] ?? '') as { arguments: [{ error: object }] }).arguments[0];
    expect(Object.keys(error)).toEqual(['type', 'message', 'code', 'id']);
    near.close();
  });

  it('a peer cannot make its error look like one of this process', async () => {
    const { caught } = await thrown(
      Object.assign(new KiteError('configurationError', 'x', { code: 'badValue' }), {
        name: 'ConfigurationError',
      }),
    );
    expect(isConfigurationError(caught)).toBe(false);
    expect(caught.name).toBe('KiteError');
  });

  it.each([
    ['"name":7,"cause":{"message":"x"}', { name: 'KiteError' }],
    ['"name":"","cause":""', { name: 'KiteError' }],
    ['"data":{"$":"nosuch","v":1}', { data: { $: 'nosuch', v: 1 } }],
    ['"data":null', { data: null }],
  ])('an error of a hostile peer with %s is an error', async (fields, expected) => {
    const { client, far, server } = await connected();
    server.handle('never', untilAborted);
    const call = client.call('never', [], { timeout: 0 });
    far.send(
      `{"method":0,"arguments":[{"error":{"type":"mine","message":"x",${fields}},"result":null}],"callbacks":{},"values":true}`,
    );
    await expect(call).rejects.toMatchObject({ type: 'mine', message: 'x', ...expected });
  });
});

describe('errors of streams and of callbacks', () => {
  const error = (): KiteError => new KiteError('busy', 'later', { code: 'E1', data: { at: new Date(0) } });

  it('the error of a stream has all of its details, as result and as argument', async () => {
    const { server, client } = await connected();
    server.handle('fail', async function* () {
      yield 1;
      await Promise.resolve();
      throw error();
    });
    const stream = client.stream('fail');
    await stream.next();
    await expect(stream.next()).rejects.toMatchObject({ type: 'busy', data: { at: new Date(0) } });
    server.handle<[AsyncIterable<unknown>]>('collect', async ({ args: [items] }) => {
      try {
        for await (const item of items) void item;
      } catch (reason) {
        return (reason as KiteError).data;
      }
      return null;
    });
    const failing = async function* (): AsyncGenerator<number> {
      yield 1;
      await Promise.resolve();
      throw error();
    };
    expect(await client.tell('collect', failing())).toEqual({ at: new Date(0) });
  });

  it('the error of a callback has all of its details', async () => {
    const { server, client } = await connected();
    server.handle<[() => Promise<unknown>]>('ask', ({ args: [ask] }) =>
      ask().catch((reason: unknown) => (reason as KiteError).data),
    );
    await client.tell('kite.ping');
    expect(await client.tell('ask', () => Promise.reject(error()))).toEqual({ at: new Date(0) });
  });
});
