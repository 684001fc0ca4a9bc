import { expectTypeOf } from 'vitest';
import {
  type Auth,
  type Client,
  isKiteError,
  Kite,
  type KiteError,
  type KiteOptions,
  type KontrolClient,
  type KontrolOptions,
  type Method,
  type RemoteKite,
  type Request,
  type TypedMethods,
  type Wire,
} from 'kitectl/browser';
import * as browser from 'kitectl/browser';

interface Bank {
  square(n: number): number;
}

const kite = new Kite('page', '1.0.0', { username: 'bob', limits: { callsPerConnection: 5 } });

// Calls, in both directions.
{
  const client = kite.newClient<Bank>('https://bank.example.com/kite');
  expectTypeOf(client).toEqualTypeOf<Client<Bank>>();
  expectTypeOf(client.tell('square', 4)).toEqualTypeOf<Promise<number>>();
  // @ts-expect-error The argument is a number.
  void client.tell('square', '4');
  const typed = new Kite<Bank>('page', '1.0.0');
  typed.handle('square', ({ args }) => {
    expectTypeOf(args).toEqualTypeOf<[n: number]>();
    return 4;
  });
  // @ts-expect-error The result is a number.
  typed.handle('square', () => 'text');
  // @ts-expect-error There is no such method.
  typed.handle('sqare', () => 4);
  const close = (page: Kite): Promise<void> => page.close();
  void (() => close(typed));
  const api = kite.methods({ cube: ({ args: [n] }: Request<[number]>) => n ** 3 });
  expectTypeOf({} as TypedMethods<{ cube: () => number }>['cube']).toExtend<Method>();
  const { method } = kite.newClient<Bank & typeof api>('https://bank.example.com/kite');
  expectTypeOf(method.square(4)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(method.cube(4)).toEqualTypeOf<Promise<number>>();
  // @ts-expect-error The argument is a number.
  void method.cube('4');
  expectTypeOf<Wire<Date, false>>().toEqualTypeOf<string>();
}

// Kontrol.
{
  const connect = (): KontrolClient =>
    kite.kontrol({ url: 'https://kontrol.example.com/kite', auth: { type: 'token', key: 'x' } });
  expectTypeOf<KontrolOptions['auth']>().toEqualTypeOf<Auth | null>();
  void (async () => {
    expectTypeOf(await connect().getKites({ name: 'bank' })).toEqualTypeOf<RemoteKite[]>();
    // @ts-expect-error A page without WebRTC has no address to register.
    await connect().register();
  });
  // @ts-expect-error A Kontrol has a URL.
  void (() => kite.kontrol({ auth: null }));
}

// What pages do not have.
{
  expectTypeOf<KiteOptions>().not.toHaveProperty('port');
  expectTypeOf(kite).not.toHaveProperty('listen');
  // @ts-expect-error Pages do not listen.
  void (() => new Kite('page', '1.0.0', { port: 3636 }));
  // @ts-expect-error The browser decides which certificates are trusted.
  void (() => kite.newClient('https://bank.example.com/kite', { ca: 'x' }));
  // @ts-expect-error The browser decides which headers are sent.
  void (() => kite.newClient('https://bank.example.com/kite', { headers: {} }));
  expectTypeOf(browser).not.toHaveProperty('defaultLimits');
}

// Errors.
{
  const error: unknown = undefined;
  if (isKiteError(error, 'disconnect')) expectTypeOf(error).toEqualTypeOf<KiteError>();
}
