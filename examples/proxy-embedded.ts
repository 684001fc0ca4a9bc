/**
 * A program that runs a reverse proxy itself, and a kite that callers reach through it. Both use your kite key.
 *
 *     node examples/proxy-embedded.js
 */
import { Kite } from 'kitectl';
import { ReverseProxy } from 'kitectl/proxy';

interface MathKite {
  square(n: number): number;
}

// For callers on other machines, set the public host: { publicHost: 'proxy.example.com', port: 443, tls: { cert, key } }.
const proxy = new ReverseProxy({ port: 0 });
await proxy.listen();
console.log(`the reverse proxy listens at ${proxy.url}`);

const math = new Kite('math', '1.0.0', { port: 0, environment: 'dev' });
math.handle<[number], number>('square', ({ args: [n] }) => n * n);
await math.listen();
// Without proxyUrl it finds a proxy through Kontrol.
const { url } = await math.registerToProxy({ proxyUrl: proxy.url ?? '' });
console.log(`math is registered at ${url}`);

const caller = new Kite('caller', '1.0.0', { environment: 'dev' });
const { username } = math.identity;
for (const remote of await caller.getKites({ username, environment: 'dev', name: 'math' })) {
  const client = remote.client<MathKite>();
  await client.dial();
  console.log(`math squares 4: ${await client.tell('square', 4)}`);
}

for (const { kite, sessionsTotal } of proxy.status().kites) {
  console.log(`behind the proxy: ${kite}, ${sessionsTotal} session`);
}
await Promise.all([math.close(), caller.close()]);
await proxy.close();
