/**
 * A program that runs Kontrol itself. It issues a kite key, with which one kite registers and another one finds it.
 *
 *     node examples/kontrol-embedded.js
 */
import { Kite } from 'kitectl';
import { Kontrol, openStorage } from 'kitectl/kontrol';

interface MathKite {
  square(n: number): number;
}

const kontrol = new Kontrol({
  // Lost when the program ends. { type: 'file', folder: 'data' }, PostgreSQL and etcd are for production.
  storage: openStorage({ type: 'memory' }),
  port: 0,
});
await kontrol.listen();
console.log(`Kontrol listens at ${kontrol.url}`);

// A program of another user gets its kite key with `kitectl register`, and an invite: await kontrol.invite('alice').
const kiteKey = await kontrol.newKiteKey('bob');

// A kite key contains the URL of its Kontrol.
const math = new Kite('math', '1.0.0', { port: 0, kiteKey, environment: 'dev' });
math.handle<[number], number>('square', ({ args: [n] }) => n * n);
await math.listen();
await math.register();

const caller = new Kite('caller', '1.0.0', { kiteKey, environment: 'dev' });
for (const remote of await caller.getKites({ username: 'bob', environment: 'dev', name: 'math' })) {
  const client = remote.client<MathKite>();
  await client.dial();
  console.log(`math at ${remote.url} squares 4: ${await client.tell('square', 4)}`);
}

// Close the kites first, so that they deregister.
await Promise.all([math.close(), caller.close()]);
await kontrol.close();
