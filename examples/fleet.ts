/**
 * A client of many kites: starts three kites, calls them as one service, and restarts one of them meanwhile.
 *
 *     node examples/fleet.js
 */
import { Kite } from 'kitectl';

interface MathKite {
  square(n: number): number;
  name(): string;
}

async function startKite(name: string, port = 0): Promise<Kite> {
  const kite = new Kite(name, '1.0.0', { port, kiteKey: false });
  kite.handle<[number]>('square', ({ args: [n] }) => n * n).disableAuthentication();
  kite.handle('name', () => name).disableAuthentication();
  await kite.listen();
  return kite;
}

let [one, two, three] = await Promise.all(['one', 'two', 'three'].map((name) => startKite(name)));
if (!one || !two || !three) throw new Error('the kites have not started');

const caller = new Kite('caller', '1.0.0', { kiteKey: false });
const urls = [one, two, three].map(({ url = '' }) => url);
const math = caller.service<MathKite>(urls, { idempotent: ['square'] });
math.on('out', ({ url }, cause) => console.error(`out: ${url}: ${cause.message}`));
math.on('ready', ({ url }) => console.error(`ready: ${url}`));

// One of the kites.
console.log(await math.tell('square', 4));

// All kites.
const names: unknown[] = [];
for await (const { kite, result, error } of math.all('name'))
  names.push(error ? `${kite.url} failed` : result);
console.log(names.toSorted().join(', '));

// The same kite for each call with a key.
const session = math.on('session-7');
console.log((await session.tell('name')) === (await session.tell('name')));

// No call fails while a kite restarts.
const { port } = two;
const restart = two.close().then(async () => (two = await startKite('two', port)));
let calls = 0;
for (let isOver = false; !isOver; calls++) {
  await math.tell('square', calls);
  isOver = await Promise.race([
    restart.then(() => true),
    new Promise<false>((resolve) => setImmediate(resolve, false)),
  ]);
}
console.log('restarted');

await caller.close();
for (const kite of [one, two, three]) await kite?.close();
