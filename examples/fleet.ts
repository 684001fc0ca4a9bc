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

const kites = await Promise.all(['one', 'two', 'three'].map((name) => startKite(name)));

const caller = new Kite('caller', '1.0.0', { kiteKey: false });
const urls = kites.map(({ url = '' }) => url);
const math = caller.service<MathKite>(urls, { idempotent: ['square'] });
math.on('out', ({ url }, cause) => console.error(`out: ${url}: ${cause.message}`));
math.on('ready', ({ url }) => console.error(`ready: ${url}`));

// One of the kites.
console.log(await math.tell('square', 4));

// All kites.
const names: string[] = [];
for await (const { kite, result, error } of math.all('name'))
  names.push(error ? `${kite.url} failed` : result);
console.log(names.toSorted((a, b) => a.localeCompare(b)).join(', '));

// The same kite for each call with a key.
const session = math.on('session-7');
console.log((await session.tell('name')) === (await session.tell('name')));

// No call fails while a kite restarts.
async function restart(): Promise<void> {
  for (const kite of kites.splice(0, 1)) {
    const { port } = kite;
    await kite.close();
    kites.push(await startKite('one', port));
  }
}
const restarted = restart().then(() => true);
let calls = 0;
for (let isOver = false; !isOver; calls++) {
  await math.tell('square', calls);
  isOver = await Promise.race([restarted, new Promise<false>((resolve) => setImmediate(resolve, false))]);
}
console.log('restarted');

await caller.close();
for (const kite of kites) await kite.close();
