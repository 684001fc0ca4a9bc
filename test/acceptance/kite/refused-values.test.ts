import { describe, expect, it, onTestFinished } from 'vitest';
import { isConfigurationError, Kite } from '../../../src/lib/index.js';
import { Kontrol } from '../../../src/lib/kontrol.js';
import { ReverseProxy, TunnelProxy } from '../../../src/lib/proxy.js';
import { testKontrol } from '../../../src/lib/testing.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { connected } from '../../helpers/kite/cores.js';

const quiet = { port: 0, kiteKey: false, env: {}, logger: silentLogger } as const;
const ODD_NAMES: readonly unknown[] = ['a/b', '/', '', ' a', 'a\nb', 5, undefined, null, {}];

describe('values of a program that cannot be used', () => {
  it.each(ODD_NAMES)('a kite cannot be made with the name %j', (name) => {
    expect(() => new Kite(name as string, '1.0.0', quiet)).toThrow("The kite's name ");
  });

  it.each(['a/b', '', 5, undefined, null])('a kite cannot be made with the version %j', (version) => {
    expect(() => new Kite('math', version as string, quiet)).toThrow("The kite's version ");
  });

  it.each(['', 5, undefined, null, {}])('a kite cannot have a method with the name %j', async (name) => {
    await using kite = new Kite('math', '1.0.0', quiet);
    expect(() => kite.handle(name as string, () => 1)).toThrow('The name of a method is');
  });

  it('a client cannot be made with a transport that does not exist', async () => {
    await using kite = new Kite('math', '1.0.0', quiet);
    let error: unknown;
    try {
      kite.newClient('http://localhost/kite', { transport: 'zzz' as 'auto' });
    } catch (thrown) {
      error = thrown;
    }
    expect(isConfigurationError(error)).toBe(true);
    expect(error).toMatchObject({
      message: expect.stringContaining('WebSocket, RawWebSocket, XHRPolling') as string,
    });
  });

  it.each([Number.NaN, -1, '5', null, {}, Number.NEGATIVE_INFINITY])(
    'a call cannot have the timeout %s',
    async (timeout) => {
      const { server, client } = await connected();
      server.handle('square', () => 16);
      const refused = {
        type: 'argumentError',
        message: expect.stringContaining('it must be a number') as string,
      };
      await expect(client.tellWithTimeout(timeout as number, 'square', 4)).rejects.toMatchObject(refused);
      await expect(client.call('square', [4], { timeout: timeout as number })).rejects.toMatchObject(refused);
      await expect(
        client.callStream('square', [4], { timeout: timeout as number }).result,
      ).rejects.toMatchObject(refused);
      expect(await client.tellWithTimeout(0, 'square', 4)).toBe(16);
    },
  );
});

describe('the end of a block', () => {
  it('the end of a block with using closes what it has declared', async () => {
    const closed: string[] = [];
    {
      await using kontrol = await testKontrol();
      await using kite = new Kite('math', '1.0.0', quiet);
      kite.handle('square', () => 16).disableAuthentication();
      await kite.listen();
      using client = kite.newClient(kite.url ?? '');
      await client.dial();
      client.on('disconnect', () => void closed.push('client'));
      expect(await client.tell('square')).toBe(16);
      expect(kontrol.url).toContain('http');
    }
    await expect.poll(() => closed).toEqual(['client']);
  });

  it('everything that is closed with a promise can be declared with await using', () => {
    for (const { prototype } of [Kite, Kontrol, ReverseProxy, TunnelProxy]) {
      expect(prototype[Symbol.asyncDispose]).toBeTypeOf('function');
      expect(prototype.close).toBeTypeOf('function');
    }
    onTestFinished(() => undefined);
  });
});
