/**
 * Middleware, an authentication type with claims, roles, a rate for each caller, and calls within the process.
 *
 *     node examples/middleware.js
 */
import { isKiteError, Kite, KiteError, type Request } from 'kitectl';

declare module 'kitectl' {
  interface RequestContext {
    startedAt?: number;
  }
}

interface Notes {
  list(): string[];
  add(note: string): number;
  clear(): null;
}

const SESSIONS = new Map([
  ['key of alice', { username: 'alice', claims: { roles: ['editor', 'admin'] } }],
  ['key of bob', { username: 'bob', claims: { roles: ['editor'] } }],
]);

const kite = new Kite('notes', '1.0.0', { kiteKey: false, port: 0 });
const notes: string[] = [];

// The check could ask a database. Its result is used for a minute.
kite.authenticate('session', async (key) => {
  await new Promise((resolve) => setImmediate(resolve));
  const session = SESSIONS.get(key);
  if (!session) throw new KiteError('authenticationError', 'no such session');
  return { ...session, expiresAt: Date.now() + 60_000 };
});

kite.use(async ({ context, method, username }, next) => {
  context.startedAt = performance.now();
  try {
    return await next();
  } finally {
    console.log(`${username} called ${method}`);
  }
});
kite.on('refused', ({ method, username }, error) => {
  console.log(
    `refused ${method} of ${username || 'a stranger'}: ${isKiteError(error) ? error.message : 'failed'}`,
  );
});

kite.handle('list', () => notes);
kite.handle('add', { allow: { roles: 'editor' } }, ({ args: [note], context }: Request<[string]>) => {
  if (context.startedAt === undefined) throw new Error('The middleware did not run');
  return notes.push(note);
});
kite
  .handle('clear', { allow: ['root', { roles: 'admin' }] }, () => {
    notes.length = 0;
    return null;
  })
  .throttle({ interval: 60_000, capacity: 1, per: 'caller' });

await kite.listen();

async function session(key: string) {
  const client = kite.newClient<Notes>(kite.url ?? '', { auth: { type: 'session', key } });
  await client.dial();
  return client;
}

const ignore = (): undefined => undefined;
{
  using alice = await session('key of alice');
  using bob = await session('key of bob');
  using stranger = await session('another key');
  console.log(await bob.tell('add', 'buy milk'));
  await bob.tell('clear').catch(ignore);
  await stranger.tell('list').catch(ignore);
  await alice.tell('clear');
  await alice.tell('clear').catch(ignore);
}

// A test needs neither a port nor credentials.
using editor = kite.local<Notes>({ as: { username: 'carol', claims: { roles: ['editor'] } } });
console.log(await editor.tell('add', 'write tests'));
console.log(await editor.tell('list'));
await kite.close();
