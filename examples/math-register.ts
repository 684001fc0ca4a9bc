/**
 * A kite that registers with the Kontrol of your kite key, so that you can find and call it by name.
 *
 *     node examples/math-register.js
 *     npx kitectl call square 4 --to /YOU/prod/math
 *
 * With --proxy, callers reach it through a reverse proxy. With --tunnel, they reach it through a tunnel proxy, and it opens no
 * port. It finds the proxy through Kontrol.
 */
import { parseArgs } from 'node:util';
import { Kite, kitePath } from 'kitectl';

const { values } = parseArgs({
  options: { proxy: { type: 'boolean', default: false }, tunnel: { type: 'boolean', default: false } },
});

const kite = new Kite('math', '1.0.0', { port: 0, environment: process.env['KITE_ENVIRONMENT'] || 'prod' });

// Callers authenticate with a token, which Kontrol gives them when they look this kite up.
kite.handle<[number], number>('square', ({ args: [n], username }) => {
  console.log(`${username} calls square with ${n}`);
  return n * n;
});

// Emitted after the first registration, and after each move to another proxy.
kite.on('register', (url) => console.log(`registered as ${kitePath(kite.identity)} at ${url}`));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void kite.close());

if (values.tunnel) {
  await kite.registerToTunnel();
} else {
  await kite.listen();
  if (values.proxy) await kite.registerToProxy();
  else await kite.registerForever();
}
