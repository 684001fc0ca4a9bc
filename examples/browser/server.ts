/**
 * A kite and a page that call each other. The kite serves the page too:
 *
 *     npm run browser-example
 *
 * and then open the address that it prints. `--port` chooses another port.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Kite, KiteError, type RemoteFunction } from 'kitectl';

const { values } = parseArgs({ options: { port: { type: 'string', default: '3636' } } });

const kite = new Kite('math', '1.0.0', { port: Number(values.port), kiteKey: false });

kite
  .handle('square', async ({ args: [n], client }) => {
    if (typeof n !== 'number')
      throw new KiteError('argumentError', `square takes a number, not ${JSON.stringify(n)}`);
    // A method of the page: every page has `log`, which writes to its console.
    await client.tell('log', `math squares ${n}`);
    return n * n;
  })
  .disableAuthentication();

kite
  .handle('count', ({ args: [to, onCount] }) => {
    if (typeof to !== 'number' || typeof onCount !== 'function') {
      throw new KiteError('argumentError', 'count takes a number and a function');
    }
    for (let i = 1; i <= to; i++) (onCount as RemoteFunction<[number]>)(i);
    return to;
  })
  .disableAuthentication();

kite
  .handle('greet', async ({ client }) => {
    // Another method that every page has, after one that only this page has. The person may take a while.
    const title = await client.tell<string>('title');
    await client.tellWithTimeout(0, 'alert', `Hello from math, "${title}"!`);
    return 'You have been greeted.';
  })
  .disableAuthentication();

// The page may load nothing and connect to nothing but what comes from here.
const policy = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'";

const files = new Map([
  ['/', ['index.html', 'text/html; charset=utf-8']],
  ['/page.js', ['page.js', 'text/javascript; charset=utf-8']],
  ['/page.css', ['page.css', 'text/css; charset=utf-8']],
] as const);

kite.handleHttp('/', async (request, response) => {
  const [name, type] = files.get((request.url ?? '').split('?')[0] as '/') ?? [];
  if (name === undefined) {
    // Browsers ask for an icon of their own accord.
    response.writeHead(request.url === '/favicon.ico' ? 204 : 404).end();
    return;
  }
  const body = await readFile(new URL(name, import.meta.url));
  response
    .writeHead(200, {
      'content-type': type,
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
    })
    .end(body);
});

await kite.listen();
console.log(`Open http://localhost:${kite.port}/`);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void kite.close());
