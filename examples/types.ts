/**
 * One type for both ends: a client whose methods, arguments and results are those of the handlers. TypeScript checks this file:
 * change a handler, and see which calls do not compile any more.
 *
 *     node examples/types.js
 */
import { isKiteError, Kite, type RemoteFunction, type Request } from 'kitectl';
import { z } from 'zod';

const server = new Kite('library', '1.0.0', { port: 0, kiteKey: false });

const api = server.methods({
  // The arguments of a handler are those of its request.
  square: ({ args: [n] }: Request<[n: number]>) => n * n,
  // A schema checks what arrives, and determines the arguments: here, `limit` may be left out by the caller.
  'books.find': {
    description: 'Finds books by the beginning of their title.',
    args: z.tuple([z.string().min(1), z.object({ limit: z.number().default(2) })]),
    handler: ({ args: [title, { limit }] }) =>
      ['TypeScript', 'TypeScript 2', 'Types'].filter((book) => book.startsWith(title)).slice(0, limit),
  },
  lend: ({ args: [book, remind] }: Request<[book: string, remind: RemoteFunction<[days: number]>]>) => {
    remind(14);
    // The caller gets a Date, a Map and a function.
    return {
      due: new Date('2030-01-15'),
      lent: new Map([[book, 1]]),
      giveBack: () => `${book} is back`,
    };
  },
  read: async function* ({ args: [book] }: Request<[book: string]>) {
    yield `${book}, page 1`;
    yield `${book}, page 2`;
    return 2;
  },
});
/** What a caller imports: `import type { Api } from './library.js'`. */
export type Api = typeof api;

for (const method of Object.values(api)) method.disableAuthentication();
await server.listen();

const caller = new Kite('caller', '1.0.0', { kiteKey: false });
const client = caller.newClient<Api>(server.url ?? '');
await client.dial();

const n: number = await client.method.square(4);
console.log(n);

const books: string[] = await client.method['books.find']('Type', {});
console.log(books.join(', '));

{
  const { due, lent, giveBack } = await client.tell('lend', 'Types', (days) => console.log(`${days} days`));
  console.log(due.getUTCFullYear(), lent.get('Types'), await giveBack());
  giveBack.release();
}

const pages = client.stream('read', 'Types');
for await (const page of pages) console.log(page.toUpperCase());
console.log(await pages.result);

try {
  // @ts-expect-error The title is a string. The schema rejects a caller that has no types.
  await client.method['books.find'](4, {});
} catch (error) {
  if (isKiteError(error, 'argumentError')) console.log(error.message.split(':')[0]);
}

// The schema is part of the description of the kite.
const { jsonSchema } = server.describe().methods.find(({ name }) => name === 'books.find') ?? {};
console.log(jsonSchema?.['type']);

await caller.close();
await server.close();
