import { expectTypeOf } from 'vitest';
import {
  type AnyMethods,
  type ArgsSchema,
  type Auth,
  type Balance,
  type CallbackAnswer,
  type CallOptions,
  type Client,
  type ConfigurationCode,
  type ConfigurationError,
  defaultLimits,
  type DialError,
  type DialErrorCode,
  type ErrorPolicy,
  type Extension,
  type ExtensionSet,
  isConfigurationError,
  isDialError,
  isKiteError,
  isNumberLiteral,
  Kite,
  KiteError,
  type KiteErrorCode,
  type KiteEvent,
  type KiteIdentity,
  type KiteOptions,
  kitePath,
  type KnownErrorType,
  type Limits,
  type Metadata,
  type Method,
  NumberLiteral,
  type Numbers,
  type ParentRequest,
  type Peer,
  type Registration,
  type RemoteFunction,
  type RemoteKite,
  type Request,
  type ServerAccess,
  type Service,
  type ServiceAnswer,
  type ServiceCalls,
  type ServiceEvents,
  type ServiceKite,
  type ServiceKiteState,
  type ServiceMetrics,
  type ServiceOptions,
  type ServiceTarget,
  type TraceContext,
  type Transport,
} from 'kitectl';

interface Account {
  readonly id: number;
}

interface Bank {
  square(n: number): number;
  /** Its result is awaited by the caller in any case. */
  account(id: number, currency?: string): Promise<Account>;
  watch(name: string, onChange: RemoteFunction<[balance: number]>): void;
  confirm(ask: (question: string) => boolean): boolean;
}

const kite = new Kite('bank', '1.0.0');

// Access to servers, of a kite and of a client.
{
  const access: ServerAccess = { ca: 'x', cert: 'x', key: 'x', insecure: false, headers: { 'X-A': '1' } };
  const behindGateway = new Kite('bank', '1.0.0', { serverAccess: access });
  void behindGateway.newClient('https://bank.example.com/kite', access);
  void (() => behindGateway.registerToTunnel({ ...access, tunnelOrigins: [] }));
  // @ts-expect-error The value of a header is a string.
  void (() => kite.newClient('http://localhost:3636/kite', { headers: { 'X-A': 1 } }));
}

// Typed clients.
{
  const client = kite.newClient<Bank>('http://localhost:3636/kite', {
    timeout: 1000,
    transport: 'WebSocket',
    headers: { 'X-Tenant': 'blue' },
  });
  expectTypeOf(client).toEqualTypeOf<Client<Bank>>();
  expectTypeOf(client.tell('square', 4)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(client.tell('account', 4)).toEqualTypeOf<Promise<Account>>();
  expectTypeOf(client.tell('account', 4, 'EUR')).toEqualTypeOf<Promise<Account>>();
  expectTypeOf(client.call('square', [4], { callbacks: 'call' })).toEqualTypeOf<Promise<number>>();
  expectTypeOf(client.tellWithTimeout(100, 'square', 4)).toEqualTypeOf<Promise<number>>();
  void client.tell('watch', 'EUR', (balance) => expectTypeOf(balance).toEqualTypeOf<number>());
  void client.tell('confirm', (question) => question.length > 4);
  using shared = client.share((balance: number) => void balance);
  expectTypeOf(shared).toExtend<(balance: number) => void>();
  expectTypeOf(shared.release).toEqualTypeOf<() => void>();
  void client.tell('watch', 'EUR', shared);
  using other = client.share((balance: string) => balance);
  // @ts-expect-error A shared function gets the arguments that the method declares.
  void client.tell('watch', 'EUR', other);
  // @ts-expect-error There is no such method.
  void client.tell('cube', 4);
  // @ts-expect-error The argument is a number.
  void client.tell('square', '4');
  // @ts-expect-error The argument is missing.
  void client.tell('square');
  // @ts-expect-error There is one argument.
  void client.call('square', [4, 5]);
  // @ts-expect-error A callback gets the arguments that the method declares.
  void client.tell('watch', 'EUR', (balance: string) => balance);
  // @ts-expect-error The result is a number.
  expectTypeOf(client.tell('square', 4)).toEqualTypeOf<Promise<string>>();
}

// Clients without a type of their methods.
{
  const client = kite.newClient('http://localhost:3636/kite');
  expectTypeOf(client).toEqualTypeOf<Client>();
  expectTypeOf(client.tell('anything', 4, 'five')).toEqualTypeOf<Promise<unknown>>();
  expectTypeOf(client.tell<number>('square', 4)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(client.call<number>('square', [4])).toEqualTypeOf<Promise<number>>();
  expectTypeOf(client.auth).toEqualTypeOf<Auth | null>();
  client.auth = { type: 'token', key: 'x' };
  client.on('disconnect', (code, reason) => {
    expectTypeOf(code).toEqualTypeOf<number>();
    expectTypeOf(reason).toEqualTypeOf<string>();
  });
  // @ts-expect-error Clients have no such event.
  client.on('gone', () => {});
}

// Errors with data.
{
  const error = new KiteError('busy', 'later', { data: { after: 30 } });
  expectTypeOf(error.data).toEqualTypeOf<unknown>();
  void new Kite('bank', '1.0.0', { errorFields: ['status'] });
  // @ts-expect-error The names are strings.
  void new Kite('bank', '1.0.0', { errorFields: [1] });
}

// Options of clients and calls.
{
  const url = 'http://localhost:3636/kite';
  expectTypeOf<Transport>().toExtend<string>();
  // @ts-expect-error There is no such transport.
  kite.newClient(url, { transport: 'pigeon' });
  // @ts-expect-error The timeout is in milliseconds.
  kite.newClient(url, { timeout: '5s' });
  // @ts-expect-error `ttl` is not an option of a client.
  kite.newClient(url, { ttl: 5 });
  expectTypeOf<CallOptions['callbacks']>().toEqualTypeOf<'connection' | 'call' | undefined>();
  expectTypeOf<CallOptions['signal']>().toEqualTypeOf<AbortSignal | undefined>();
}

// Methods of a kite.
{
  const typed = new Kite<Bank>('bank', '1.0.0');
  const method = typed.handle('square', ({ args }) => {
    expectTypeOf(args).toEqualTypeOf<[n: number]>();
    return args[0] ** 2;
  });
  expectTypeOf(method).toEqualTypeOf<Method>();
  typed.handle('watch', ({ args: [name, onChange] }) => {
    expectTypeOf(name).toEqualTypeOf<string>();
    expectTypeOf(onChange(4)).toEqualTypeOf<CallbackAnswer>();
    // @ts-expect-error The callback takes a number.
    onChange('4');
  });

  typed.handle('confirm', async ({ args: [ask] }) => {
    expectTypeOf(ask('Sure?')).toEqualTypeOf<CallbackAnswer<boolean>>();
    expectTypeOf(await ask('Sure?')).toEqualTypeOf<boolean>();
    using question = ask;
    return question('Sure?');
  });

  kite.handle('anything', ({ args }) => expectTypeOf(args).toEqualTypeOf<unknown[]>());
  kite.handle<[number]>('square', (request) => {
    expectTypeOf(request).toEqualTypeOf<Request<[number]>>();
    expectTypeOf(request.username).toEqualTypeOf<string>();
    expectTypeOf(request.kite).toEqualTypeOf<KiteIdentity>();
    expectTypeOf(request.signal).toEqualTypeOf<AbortSignal>();
    expectTypeOf(request.client.tell('back')).toEqualTypeOf<Promise<unknown>>();
    return request.args[0] ** 2;
  });
  const schema = {} as ArgsSchema<[a: number, b: string]>;
  kite.handle('checked', { args: schema, description: 'Takes what the schema allows.' }, ({ args }) => {
    expectTypeOf(args).toEqualTypeOf<[a: number, b: string]>();
  });
  method
    .disableAuthentication()
    .throttle({ interval: 1000, capacity: 5 })
    .returns('ReturnLatest')
    .preHandle(() => undefined)
    .finalFunc((_request, outcome) => outcome);
  // @ts-expect-error There is no such rule.
  method.returns('ReturnNothing');
  // @ts-expect-error A throttle has a capacity.
  method.throttle({ interval: 1000 });
  // @ts-expect-error A method has a handler.
  kite.handle('nothing');
}

// Options and events of a kite.
{
  const options = {
    kiteKey: false,
    port: 0,
    limits: { tunnels: 5, messageBytes: 1024 },
    allowKiteKeysOf: ['bob'],
    env: {},
  } satisfies KiteOptions;
  void (() => new Kite('bank', '1.0.0', options));
  // @ts-expect-error There is no such limit.
  void (() => new Kite('bank', '1.0.0', { limits: { tunnel: 5 } }));
  // @ts-expect-error A port is a number.
  void (() => new Kite('bank', '1.0.0', { port: '3636' }));
  // @ts-expect-error A kite has a version.
  void (() => new Kite('bank'));
  expectTypeOf(defaultLimits).toEqualTypeOf<Limits>();
  kite.on('connect', (peer) => expectTypeOf(peer).toExtend<Peer<AnyMethods, Record<string, unknown[]>>>());
  kite.on('registerFailed', (error) => expectTypeOf(error).toEqualTypeOf<Error>());
  // @ts-expect-error Kites have no such event.
  kite.on('tokenExpire', () => {});
  // @ts-expect-error The identity of a kite is fixed.
  void (() => (kite.identity = {} as KiteIdentity));
}

// Discovery.
{
  const found = (): Promise<RemoteKite[]> => kite.getKites({ username: 'bob', name: 'bank' });
  void (async () => {
    const [first] = await found();
    expectTypeOf(first).toEqualTypeOf<RemoteKite | undefined>();
    if (first) expectTypeOf(first.client<Bank>()).toEqualTypeOf<Client<Bank>>();
    const watch = await kite.watchKites({ name: 'bank' }, (event) => {
      expectTypeOf(event).toEqualTypeOf<KiteEvent>();
      expectTypeOf(event.action).toEqualTypeOf<'REGISTER' | 'SILENT' | 'DEREGISTER'>();
    });
    expectTypeOf(watch.kites).toEqualTypeOf<readonly RemoteKite[]>();
    expectTypeOf(await kite.registerForever()).toEqualTypeOf<Registration>();
    // @ts-expect-error A query has the fields of an identity.
    await kite.getKites({ user: 'bob' });
  });
  expectTypeOf(kitePath(kite.identity)).toEqualTypeOf<string>();
}

// Errors and their codes.
{
  const error: unknown = undefined;
  if (isKiteError(error)) {
    expectTypeOf(error).toEqualTypeOf<KiteError>();
    expectTypeOf(error.code).toEqualTypeOf<string>();
  }
  if (isKiteError(error, 'timeout')) expectTypeOf(error.message).toEqualTypeOf<string>();
  if (isConfigurationError(error)) {
    expectTypeOf(error).toEqualTypeOf<ConfigurationError>();
    expectTypeOf(error.type).toEqualTypeOf<'configurationError'>();
    expectTypeOf(error.code).toEqualTypeOf<ConfigurationCode>();
  }
  if (isDialError(error)) {
    expectTypeOf(error).toEqualTypeOf<DialError>();
    expectTypeOf(error.code).toEqualTypeOf<DialErrorCode>();
    expectTypeOf(error.status).toEqualTypeOf<number | undefined>();
    // @ts-expect-error There is no such code.
    void (error.code === 'badInvite');
  }
  expectTypeOf<'timeout' | 'disconnect' | 'methodNotFound'>().toExtend<KnownErrorType>();
  expectTypeOf<'storeUnavailable' | 'tunnelLimit'>().toExtend<KiteErrorCode>();
  expectTypeOf<'noKontrol' | 'badValue'>().toExtend<ConfigurationCode>();
  expectTypeOf<'refused' | 'tls'>().toExtend<DialErrorCode>();
  expectTypeOf<string>().not.toExtend<KnownErrorType>();
  // A program may have types of its own.
  expectTypeOf(new KiteError('bankClosed', 'Come back tomorrow')).toExtend<Error>();
  // @ts-expect-error An error has a message.
  void (() => new KiteError('bankClosed'));
}

// What a call carries besides its arguments.
{
  expectTypeOf<Request>().toExtend<ParentRequest>();
  expectTypeOf<Request['trace']>().toEqualTypeOf<TraceContext | undefined>();
  expectTypeOf<Request['metadata']>().toEqualTypeOf<Metadata>();
  expectTypeOf<Request['deadline']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Client['extensions']>().toEqualTypeOf<ExtensionSet | undefined>();
  expectTypeOf<'cancel' | 'deadline'>().toExtend<Extension>();
  // @ts-expect-error The values of metadata are strings.
  const options: CallOptions = { metadata: { attempt: 2 } };
  void options;
}

// Numbers that JavaScript cannot represent.
{
  expectTypeOf<KiteOptions['numbers']>().toEqualTypeOf<Numbers | undefined>();
  expectTypeOf<Numbers>().toEqualTypeOf<'exact' | 'rounded' | 'literal'>();
  expectTypeOf(new NumberLiteral('1e400').text).toBeString();
  const value: unknown = 4;
  if (isNumberLiteral(value)) expectTypeOf(value).toEqualTypeOf<NumberLiteral>();
  // @ts-expect-error -- not one of the values
  void new Kite('bank', '1.0.0', { numbers: 'lossless' });
  // @ts-expect-error -- a literal is made from its text
  void new NumberLiteral(4);
}

// Streams: the items, the result, and arguments that are streams.
interface Streaming {
  tail(path: string): AsyncGenerator<string, number>;
  double(numbers: AsyncIterable<number>): Promise<ReadableStream<number>>;
  square(n: number): number;
}
declare const streaming: Client<Streaming>;
for await (const line of streaming.stream('tail', '/')) line.toUpperCase();
void (streaming.stream('tail', '/').result satisfies Promise<number>);
void (streaming.call('tail', ['/']) satisfies Promise<string[]>);
for await (const item of streaming.callStream('double', [
  streaming.stream(
    'double',
    (async function* () {
      yield 1;
    })(),
  ),
]))
  item.toFixed();
void (streaming.stream('square', 4).result satisfies Promise<number>);
// @ts-expect-error -- the argument has another type
streaming.stream('tail', 4);

// Functions in results, in items, and in what a generator returns.
interface Files {
  open(path: string): (line: number) => string;
  find(path: string): Promise<((line: number) => Promise<string>) | null>;
  remote(): RemoteFunction<[n: number], boolean>;
  jobs(): AsyncGenerator<() => number, (reason: string) => void>;
  isOpen(): boolean;
  anything(): unknown;
  parse: typeof JSON.parse;
  counter(): { count: number };
}
{
  const files = {} as Client<Files>;
  type Read = RemoteFunction<[line: number], string>;
  expectTypeOf(files.tell('open', '/')).toEqualTypeOf<Promise<Read>>();
  expectTypeOf(files.call('open', ['/'])).toEqualTypeOf<Promise<Read>>();
  expectTypeOf(files.stream('open', '/').result).toEqualTypeOf<Promise<Read>>();
  expectTypeOf(files.tell('find', '/')).toEqualTypeOf<Promise<Read | null>>();
  expectTypeOf(files.tell('remote')).toEqualTypeOf<Promise<RemoteFunction<[n: number], boolean>>>();
  expectTypeOf(files.tell('jobs')).toEqualTypeOf<Promise<RemoteFunction<[], number>[]>>();
  expectTypeOf(files.stream('jobs').result).toEqualTypeOf<Promise<RemoteFunction<[reason: string], void>>>();
  expectTypeOf(files.tell('isOpen')).toEqualTypeOf<Promise<boolean>>();
  expectTypeOf(files.tell('anything')).toEqualTypeOf<Promise<unknown>>();
  expectTypeOf(files.tell('parse', '1')).resolves.toBeAny();
  expectTypeOf(files.tell('counter')).toEqualTypeOf<Promise<{ count: number }>>();
  void (async () => {
    using read = await files.tell('open', '/');
    expectTypeOf(await read(1)).toEqualTypeOf<string>();
    // @ts-expect-error The peer answers later.
    read(1).toUpperCase();
    for await (const job of files.stream('jobs')) {
      expectTypeOf(await job()).toEqualTypeOf<number>();
      job.release();
    }
  });
  // A handler returns a function of its own.
  const typed = new Kite<Files>('files', '1.0.0');
  typed.handle('open', ({ args: [path] }) => {
    expectTypeOf(path).toEqualTypeOf<string>();
    return (line: number) => `${path}:${line}`;
  });
}

// A function as the last argument gets the items of a streaming method.
interface Counting {
  three(onItem?: (n: number) => void): AsyncGenerator<number, string>;
  to(last: number, onItem: RemoteFunction<[n: number]>, step?: number): AsyncGenerator<number, string>;
  first(onItem: (n: number) => void, last: number): AsyncGenerator<number, string>;
  each(...onItems: ((n: number) => void)[]): AsyncIterable<number>;
  plain(last: number, step?: number): AsyncGenerator<number, string>;
  value(onItem: (n: number) => void): number;
}
{
  const counting = {} as Client<Counting>;
  const onItem = (n: number): void => void n;
  expectTypeOf(counting.tell('three', onItem)).toEqualTypeOf<Promise<number[] | string>>();
  expectTypeOf(counting.tell('to', 3, onItem)).toEqualTypeOf<Promise<number[] | string>>();
  expectTypeOf(counting.tell('first', onItem, 3)).toEqualTypeOf<Promise<number[]>>();
  expectTypeOf(counting.tell('each', onItem)).toEqualTypeOf<Promise<number[] | null>>();
  expectTypeOf(counting.tell('plain', 3)).toEqualTypeOf<Promise<number[]>>();
  expectTypeOf(counting.tell('value', onItem)).toEqualTypeOf<Promise<number>>();
  // A handler may get no function.
  new Kite<Counting>('counting', '1.0.0').handle('three', async function* ({ args: [report] }) {
    expectTypeOf(report).toEqualTypeOf<RemoteFunction<[n: number], void> | undefined>();
    yield 1;
    return 'end';
  });
}

// How a kite ends, what its callers see of failures, and when they can call again.
{
  const policy: ErrorPolicy = (error, request) => {
    expectTypeOf(error).toBeUnknown();
    expectTypeOf(request).toEqualTypeOf<Request | undefined>();
    return 'sorry';
  };
  for (const errors of ['message', 'masked', policy] as const) void new Kite('math', '1.0.0', { errors });
  // @ts-expect-error -- not a policy
  void new Kite('math', '1.0.0', { errors: 'hidden' });
  const kite = new Kite('math', '1.0.0');
  expectTypeOf(kite.run({ lameDuck: '5s', drainTimeout: 1000 })).toEqualTypeOf<Promise<void>>();
  expectTypeOf(kite.close({ lameDuck: 5000 })).toEqualTypeOf<Promise<void>>();
  expectTypeOf(kite.health({ ready: () => Promise.resolve('the database is down') })).toEqualTypeOf<
    typeof kite
  >();
  // @ts-expect-error -- a reason is a string
  kite.health({ ready: () => 42 });
  kite.handle('slow', { timeout: 1000 }, () => null);
  // @ts-expect-error -- in milliseconds
  kite.handle('slow', { timeout: '1s' }, () => null);
  expectTypeOf(new KiteError('genericError', 'x').retryable).toEqualTypeOf<boolean>();
  // @ts-expect-error -- only the library knows whether a call has run
  void new KiteError('genericError', 'x', { retryable: true });
  const code: KiteErrorCode[] = ['notSent', 'draining', 'lost', 'closed', 'queueFull', 'methodTimeout'];
  const type: KnownErrorType = 'aborted';
  void [code, type];
}

interface FleetMethods {
  square(n: number): number;
  count(to: number): AsyncIterable<number>;
}

const fleet = new Kite('caller', '1.0.0').service<FleetMethods>('/bob/prod/math', {
  idempotent: ['square'],
  balance: 'roundRobin',
});
expectTypeOf(fleet).toEqualTypeOf<Service<FleetMethods>>();
expectTypeOf(fleet.tell('square', 4)).toEqualTypeOf<Promise<number>>();
expectTypeOf(fleet.on('key')).toEqualTypeOf<ServiceCalls<FleetMethods>>();
expectTypeOf(fleet.all('square', 4)).toEqualTypeOf<AsyncGenerator<ServiceAnswer<number>, void>>();
expectTypeOf(fleet.metrics()).toEqualTypeOf<ServiceMetrics>();
fleet.on('out', (out, cause, delay) => {
  expectTypeOf(out).toEqualTypeOf<ServiceKite>();
  expectTypeOf(out.state).toEqualTypeOf<ServiceKiteState>();
  expectTypeOf(cause).toEqualTypeOf<KiteError>();
  expectTypeOf(delay).toEqualTypeOf<number>();
});
for await (const item of fleet.stream('count', 3)) expectTypeOf(item).toEqualTypeOf<number>();
expectTypeOf<ServiceEvents['pick']>().toEqualTypeOf<[kite: ServiceKite, method: string]>();
expectTypeOf<ServiceOptions['balance']>().toEqualTypeOf<Balance | undefined>();
expectTypeOf<string | { username: string } | readonly string[]>().toExtend<ServiceTarget>();
expectTypeOf(
  new Kite('caller', '1.0.0').service(['http://a/kite'], { idempotent: ['any'] }),
).toEqualTypeOf<Service>();
// @ts-expect-error cube is not a method of the service
new Kite('caller', '1.0.0').service<FleetMethods>('/bob/prod/math', { idempotent: ['cube'] });
// @ts-expect-error the argument is a number
void fleet.tell('square', 'four');
// @ts-expect-error there is no such event
fleet.on('never', () => {});
