/**
 * Finds your kites with the name math, calls each of them, and reports which register and deregister until it is interrupted.
 *
 *     node examples/math-register.js       # in other terminals: start and stop some of these
 *     node examples/query-and-watch.js
 */
import { Kite, type KiteQuery, kitePath, type RemoteKite } from 'kitectl';

interface MathKite {
  square(n: number): number;
}

const kite = new Kite('observer', '1.0.0', { environment: process.env['KITE_ENVIRONMENT'] || 'prod' });
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void kite.close());

// The fields after `name` (version, region, hostname, id) may have any value, since the query leaves them out. A version may
// also be a range, for example '>= 1.0, < 2.0'.
const { username, environment } = kite.identity;
const query: KiteQuery = { username, environment, name: 'math' };

const found = await kite.getKites(query);
console.log(`found ${found.length}`);
for (const remote of found) await callSquare(remote);

// The watch starts with the kites that are registered at this moment, and survives the loss of its connection.
const watch = await kite.watchKites(query, ({ action, kite: changed }) => {
  console.log(`${action} ${kitePath(changed.kite)}`);
});
console.log(`watching, with ${watch.kites.length} registered now`);

async function callSquare(remote: RemoteKite): Promise<void> {
  // The client has a token for this kite, and renews it.
  const client = remote.client<MathKite>();
  await client.dial();
  console.log(`${kitePath(remote.kite)} at ${remote.url}: ${await client.tell('square', 4)}`);
  client.close();
}
