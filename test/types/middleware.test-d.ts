import {
  type Allow,
  type AuthCheck,
  type CallerIdentity,
  Kite,
  type KiteOptions,
  type Middleware,
  type Request,
  type RequestContext,
} from 'kitectl';
import type { RequestContext as PageContext } from 'kitectl/browser';
import { expectTypeOf } from 'vitest';

declare module 'kitectl' {
  interface RequestContext {
    account?: { readonly plan: string };
  }
}

interface Methods {
  square(n: number): number;
}

const kite = new Kite<Methods>('math', '1.0.0');

// The context has the properties that the program declares, in each place of a call.
kite.use((request, next) => {
  expectTypeOf(request.context.account).toEqualTypeOf<{ readonly plan: string } | undefined>();
  request.context.account = { plan: 'free' };
  // @ts-expect-error -- not declared
  request.context.other = 1;
  // @ts-expect-error -- another type
  request.context.account = { plan: 1 };
  return next();
});
kite.preHandle(({ context }) => context.account?.plan);
expectTypeOf<Request['context']>().toEqualTypeOf<RequestContext>();
expectTypeOf<PageContext>().toEqualTypeOf<RequestContext>();

// Middleware
expectTypeOf<ReturnType<Parameters<Middleware>[1]>>().toEqualTypeOf<Promise<unknown>>();
const twice: Middleware = async (_request, next) => Number(await next()) * 2;
kite
  .use(twice, twice)
  .handle('square', ({ args: [n] }) => n * n)
  .use(twice);
// @ts-expect-error -- not a function
kite.use('twice');

// Identity
expectTypeOf<Request['identity']>().toEqualTypeOf<CallerIdentity | undefined>();
expectTypeOf<CallerIdentity['claims'][string]>().toBeUnknown();
kite.authenticate('key', (key) => key);
kite.authenticate('key', (key, request) => ({
  username: key,
  claims: { address: request.client.remoteAddress },
}));
kite.authenticate('key', async (key) => ({ username: await Promise.resolve(key), expiresAt: 1 }));
// @ts-expect-error -- not a caller
kite.authenticate('key', () => ({ user: 'bob' }));
// @ts-expect-error -- not a time
kite.authenticate('key', async () => ({ username: 'bob', expiresAt: new Date() }));
expectTypeOf<AuthCheck>().parameter(0).toBeString();

// Roles and rates
kite.handle('square', { allow: 'bob' }, () => 1).throttle({ interval: 1, capacity: 1, per: 'caller' });
kite.handle(
  'square',
  { allow: ['bob', { role: ['a', 1, true] }, ({ username }) => username === 'bob'] },
  () => 1,
);
kite.handle('square', { allow: async ({ claims }) => claims['role'] === 'admin' }, () => 1);
// @ts-expect-error -- not a rule
kite.handle('square', { allow: 5 }, () => 1);
// @ts-expect-error -- does not decide
kite.handle('square', { allow: () => 'yes' }, () => 1);
// @ts-expect-error -- neither the method nor the caller
kite.handle('square', () => 1).throttle({ interval: 1, capacity: 1, per: 'address' });
expectTypeOf<Allow>().not.toBeAny();

// Events, options and calls within the process
kite.on('refused', (request, error) => {
  expectTypeOf(request).toEqualTypeOf<Request>();
  expectTypeOf(error).toBeUnknown();
});
const options: KiteOptions = { disableAuthentication: true, acceptKontrolKey: async (pem) => pem !== '' };
expectTypeOf(options.disableAuthentication).toEqualTypeOf<boolean | undefined>();
// @ts-expect-error -- does not decide
options satisfies { acceptKontrolKey: () => string };
expectTypeOf(kite.local().tell('square', 4)).toEqualTypeOf<Promise<number>>();
kite.local({ as: { username: 'bob', claims: { role: 'admin' } }, timeout: 5 });
// @ts-expect-error -- a number is expected
void kite.local().tell('square', 'x');
// @ts-expect-error -- a caller has a name
kite.local({ as: { claims: {} } });
