import { createReadStream } from 'node:fs';
import type * as posix from 'node:path/posix';
import { expectTypeOf } from 'vitest';
import {
  type Client,
  Kite,
  type Method,
  type RemoteFunction,
  type RemoteMethods,
  type Request,
  type TypedMethod,
  type WithoutValues,
} from 'kitectl';

interface Account {
  readonly id: number;
  readonly opened: Date;
}

interface Bank {
  square(n: number): number;
  account(id: number, currency?: string): Promise<Account>;
  find(name: string): Account | undefined;
  watch(name: string, onChange: (balance: number) => void): void;
  confirm(ask: RemoteFunction<[question: string], boolean>): boolean;
  open(path: string): (line: number) => string;
  session(): { read: (line: number) => string; readonly id: number };
  tail(path: string): AsyncGenerator<string, number>;
  lines(path: string): AsyncIterable<string>;
  bytes(path: string): ReadableStream<Uint8Array>;
  upload(chunks: AsyncIterable<Uint8Array>, options: { onProgress: (share: number) => void }): void;
}

const typed = new Kite<Bank>('bank', '1.0.0');
const untyped = new Kite('bank', '1.0.0');

// A kite whose methods have a type checks what is served.
{
  typed.handle('square', ({ args: [n] }) => n * n);
  typed.handle('square', async ({ args: [n] }) => n * n);
  // @ts-expect-error The result is a number.
  typed.handle('square', () => 'text');
  // @ts-expect-error The result is a number, also if it comes later.
  typed.handle('square', async () => 'text');
  // @ts-expect-error There is no such method.
  typed.handle('sqare', ({ args: [n] }) => n);
  // @ts-expect-error A name of any kind is not one of them.
  typed.handle('square' as string, () => 4);
  // @ts-expect-error The argument is a number.
  typed.handle('square', ({ args: [n] }: Request<[string]>) => n.length);
  // @ts-expect-error There is one argument.
  typed.handle('square', ({ args: [, second] }) => Number(second));
  // @ts-expect-error The types of arguments and results are those of the interface.
  typed.handle<[string], string>('square', ({ args: [n] }) => n);
  // @ts-expect-error The result is a number, also with options.
  typed.handle('square', { description: 'Squares a number.' }, () => 'text');
  // @ts-expect-error There is no such method, also with options.
  typed.handle('sqare', { description: 'Squares a number.' }, () => 4);
  expectTypeOf(
    typed.handle('square', { description: 'Squares a number.' }, ({ args: [n] }) => {
      expectTypeOf(n).toEqualTypeOf<number>();
      return n * n;
    }),
  ).toEqualTypeOf<Method>();
  // @ts-expect-error An account has a date.
  typed.handle('account', ({ args: [id] }) => ({ id }));
  typed.handle('account', async ({ args: [id, currency = 'EUR'] }) => {
    expectTypeOf(currency).toEqualTypeOf<string>();
    return { id, opened: new Date() };
  });
  typed.handle('find', ({ args: [name] }) => (name === '' ? undefined : { id: 4, opened: new Date() }));
}

// A kite whose methods have no type checks nothing.
{
  untyped.handle('square', () => 'text');
  untyped.handle<[number], number>('square', ({ args: [n] }) => n * n);
  untyped.handle('square', ({ args: [n] }: Request<[number]>) => n * n);
  untyped.handle('anything' as string, ({ args }) => expectTypeOf(args).toEqualTypeOf<unknown[]>());
  // @ts-expect-error Explicit types are checked.
  untyped.handle<[number], number>('square', () => 'text');
}

// Handlers that return functions and streams.
{
  typed.handle(
    'open',
    ({ args: [path] }) =>
      (line) =>
        `${path}:${line.toFixed()}`,
  );
  typed.handle(
    'open',
    ({ args: [path] }) =>
      async (line: number) =>
        `${path}:${line}`,
  );
  // @ts-expect-error The function returns a string.
  typed.handle('open', () => (line: number) => line);
  typed.handle('session', () => ({ id: 4, read: (line) => `${line}` }));
  // @ts-expect-error The function gets a number.
  typed.handle('session', () => ({ id: 4, read: (line: string) => line }));
  typed.handle('tail', async function* ({ args: [path] }) {
    yield path;
    return 4;
  });
  // @ts-expect-error The items are strings.
  typed.handle('tail', async function* () {
    yield 4;
    return 4;
  });
  // @ts-expect-error The generator returns a number.
  typed.handle('tail', async function* ({ args: [path] }) {
    yield path;
  });
  typed.handle('lines', async function* ({ args: [path] }) {
    yield path;
  });
  typed.handle('lines', ({ args: [path] }) => createReadStream(path, 'utf8'));
  typed.handle('lines', () => Promise.resolve(new ReadableStream<string>()));
  typed.handle('bytes', () => new ReadableStream<Uint8Array>());
  // @ts-expect-error A list is not a stream.
  typed.handle('lines', ({ args: [path] }) => [path]);
  typed.handle('watch', ({ args: [, onChange] }) => {
    expectTypeOf(onChange).toEqualTypeOf<RemoteFunction<[balance: number], void>>();
    onChange(4);
  });
  typed.handle('upload', async ({ args: [chunks, { onProgress }] }) => {
    for await (const chunk of chunks) expectTypeOf(chunk).toEqualTypeOf<Uint8Array>();
    expectTypeOf(onProgress).toEqualTypeOf<RemoteFunction<[share: number], void>>();
  });
  typed.handle('confirm', async ({ args: [ask] }) => await ask('Sure?'));
}

// A typed kite is a kite, and a typed client a client.
{
  expectTypeOf(untyped).toEqualTypeOf<Kite>();
  expectTypeOf<Client<Bank>>().toExtend<Client>();
  const close = (kite: Kite): Promise<void> => kite.close();
  void (() => close(typed));
  const closeClient = (client: Client): void => client.close();
  void (() => closeClient(typed.newClient<Bank>('http://localhost:3636/kite')));
  // @ts-expect-error A kite that serves other methods is not one of these.
  void ({} as Kite<{ square(n: string): number }> satisfies Kite<Bank>);
}

// The type of a client, inferred from handlers.
const api = untyped.methods({
  square: ({ args: [n] }: Request<[number]>) => n * n,
  now: () => new Date(),
  later: async ({ args: [name] }: Request<[name: string]>) => ({ name, at: new Date() }),
  anything: ({ args }) => args.length,
  count: ({ args: [to, onCount] }: Request<[number, RemoteFunction<[number]>]>) => {
    onCount(to);
  },
  tail: async function* ({ args: [path] }: Request<[string]>) {
    yield path;
    return 4;
  },
  'files.open': {
    description: 'Opens a file.',
    handler:
      ({ args: [path] }: Request<[path: string]>) =>
      (line: number) =>
        `${path}:${line}`,
  },
});
type Api = typeof api;
{
  const client = untyped.newClient<Api>('http://localhost:3636/kite');
  expectTypeOf(client.tell('square', 4)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(client.tell('now')).toEqualTypeOf<Promise<Date>>();
  expectTypeOf(client.tell('later', 'a')).toEqualTypeOf<Promise<{ name: string; at: Date }>>();
  expectTypeOf(client.tell('anything', 1, 'b')).toEqualTypeOf<Promise<number>>();
  expectTypeOf(client.tell('count', 3, (n) => expectTypeOf(n).toEqualTypeOf<number>())).toEqualTypeOf<
    Promise<void>
  >();
  expectTypeOf(client.tell('files.open', '/')).toEqualTypeOf<
    Promise<RemoteFunction<[line: number], string>>
  >();
  expectTypeOf(client.stream('tail', '/').result).toEqualTypeOf<Promise<number>>();
  expectTypeOf(client.stream('tail', '/').next()).resolves.toExtend<{ value: string | number | undefined }>();
  // @ts-expect-error The argument is a number.
  void client.tell('square', '4');
  // @ts-expect-error The argument is missing.
  void client.tell('square');
  // @ts-expect-error The method takes no argument.
  void client.tell('now', 4);
  // @ts-expect-error There is no such method.
  void client.tell('sqare', 4);
  // @ts-expect-error A callback gets what the handler passes.
  void client.tell('count', 3, (n: string) => n);
  // @ts-expect-error The result is a number.
  void (client.tell('square', 4) satisfies Promise<string>);
  // The methods can be configured by name.
  expectTypeOf(api.square).toExtend<Method>();
  expectTypeOf(api.square).toEqualTypeOf<TypedMethod<(args_0: number) => number>>();
  api.square.disableAuthentication();
  api['files.open'].throttle({ interval: 1000, capacity: 5 });
  // @ts-expect-error There is no such method.
  void api.sqare;
  // Several parts of a kite make one client.
  const more = untyped.methods({ cube: ({ args: [n] }: Request<[number]>) => n ** 3 });
  const whole = {} as Client<Api & typeof more>;
  expectTypeOf(whole.tell('cube', 4)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(whole.tell('square', 4)).toEqualTypeOf<Promise<number>>();
}

// Handlers of a typed kite, by name.
{
  const served = typed.methods({
    square: ({ args: [n] }) => n * n,
    open: {
      description: 'Opens a file.',
      handler:
        ({ args: [path] }) =>
        (line) =>
          `${path}:${line}`,
    },
  });
  expectTypeOf(served).toEqualTypeOf<Readonly<Record<'square' | 'open', Method>>>();
  served.square.disableAuthentication();
  // @ts-expect-error The method is not among those that were added.
  void served.account;
  // @ts-expect-error The result is a number.
  typed.methods({ square: () => 'text' });
  // @ts-expect-error There is no such method.
  typed.methods({ square: ({ args: [n] }) => n, sqare: () => 4 });
  // @ts-expect-error The argument is a number.
  typed.methods({ square: { handler: ({ args: [n] }: Request<[string]>) => n.length } });
  // @ts-expect-error There is no such option.
  typed.methods({ square: { descripton: 'x', handler: () => 4 } });
  // @ts-expect-error A handler is a function.
  untyped.methods({ square: 4 });
  // @ts-expect-error A definition has a handler.
  untyped.methods({ square: { description: 'Squares a number.' } });
}

// Calls within the process have the type of the kite.
{
  expectTypeOf(typed.local().tell('square', 4)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(untyped.local<Api>().method.square(4)).toEqualTypeOf<Promise<number>>();
  // @ts-expect-error The argument is a number.
  void typed.local().tell('square', '4');
  typed.handle('square', { allow: 'bob' }, ({ args: [n] }) => n * n);
}

// The methods of a client as functions.
{
  const { method } = untyped.newClient<Api & Bank>('http://localhost:3636/kite');
  const bank = {} as RemoteMethods<Bank>;
  expectTypeOf(bank.square(4)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(bank.account(4)).toEqualTypeOf<Promise<Account>>();
  expectTypeOf(bank.find('a')).toEqualTypeOf<Promise<Account | null>>();
  expectTypeOf(bank.confirm((question) => question.length > 4)).toEqualTypeOf<Promise<boolean>>();
  expectTypeOf(method['files.open']('/')).toEqualTypeOf<Promise<RemoteFunction<[line: number], string>>>();
  void bank.watch('EUR', (balance) => expectTypeOf(balance).toEqualTypeOf<number>());
  // @ts-expect-error The argument is a number.
  void bank.square('4');
  // @ts-expect-error There is no such method.
  void bank.sqare(4);
  // @ts-expect-error The result is a number.
  void (bank.square(4) satisfies Promise<string>);
  // @ts-expect-error The methods of a peer are fixed.
  bank.square = () => Promise.resolve(4);
  // @ts-expect-error The language uses this name: `tell` calls such a method.
  void ({} as RemoteMethods<{ then(n: number): number; a(): void }>).then(4);
  void (async () => {
    expectTypeOf(await untyped.newClient('http://localhost:3636/kite').method['square']?.(4)).toBeUnknown();
  });
}

// Generic and overloaded methods, and the functions of a module.
interface Odd {
  echo<Value>(value: Value): Value;
  largest<Value extends string | number>(...values: Value[]): Value;
  parse(text: string): string;
  parse(text: number): number;
}
{
  const client = {} as Client<Odd>;
  // A type parameter is what it extends.
  expectTypeOf(client.tell('echo', 4)).toEqualTypeOf<Promise<unknown>>();
  expectTypeOf(client.tell('largest', 4, 'b')).toEqualTypeOf<Promise<string | number>>();
  // @ts-expect-error The values extend strings and numbers.
  void client.tell('largest', true);
  // The last overload counts.
  expectTypeOf(client.tell('parse', 4)).toEqualTypeOf<Promise<number>>();
  // @ts-expect-error The last overload takes a number.
  void client.tell('parse', '4');
  expectTypeOf(({} as Client<typeof posix>).tell('dirname', '/a/b')).toEqualTypeOf<Promise<string>>();
}

// Properties that are not methods, methods that a kite may lack, and functions that are passed on.
interface Module {
  readonly PI: number;
  square(n: number): number;
  cube?(n: number): number;
  each(fn: RemoteFunction<[n: number], string>): void;
}
{
  const client = {} as Client<Module>;
  expectTypeOf(client.tell('square', 4)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(client.tell('cube', 4)).toEqualTypeOf<Promise<number>>();
  void client.tell('each', {} as RemoteFunction<[n: number], string>);
  // @ts-expect-error A constant cannot be called.
  void client.tell('PI');
  // @ts-expect-error A constant is not among the methods.
  void client.method.PI;
  // @ts-expect-error A constant is not served.
  new Kite<Module>('module', '1.0.0').handle('PI', () => 4);
  // @ts-expect-error The function returns a string.
  void client.tell('each', {} as RemoteFunction<[n: number], number>);
}

// Kites that do not speak `values`, such as those in Go.
interface Plans {
  next(after: Date): Date;
  all(): Map<string, Date>;
  find(name: string): { due: Date; note: string | undefined } | undefined;
  add(plans: Map<string, Date>): number;
  each(): AsyncIterable<Date>;
}
{
  const client = {} as Client<WithoutValues<Plans>>;
  expectTypeOf(client.tell('next', new Date())).toEqualTypeOf<Promise<string>>();
  expectTypeOf(client.tell('find', 'a')).toEqualTypeOf<Promise<{ due: string; note?: string } | null>>();
  expectTypeOf(client.tell('all')).toEqualTypeOf<Promise<never>>();
  expectTypeOf(client.tell('each')).toEqualTypeOf<Promise<string[]>>();
  // @ts-expect-error A Map cannot be sent to it.
  void client.tell('add', new Map<string, Date>());
  // @ts-expect-error A string arrives.
  void client.tell('next', new Date()).then((date) => date.getTime());
}
