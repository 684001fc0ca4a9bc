/**
 * A kite and a page that call each other. The kite also serves the page. Open the address that it prints; `--port` sets another
 * port.
 *
 *     npm run browser-example
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
    // Calls a method of the page: every page has `log`, which writes to its console.
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
    // `title` is a method of this page; every page has `alert`. Without a timeout, because the user closes the alert.
    const title = await client.tell<string>('title');
    await client.tellWithTimeout(0, 'alert', `Hello from math, "${title}"!`);
    return 'You have been greeted.';
  })
  .disableAuthentication();

// The page may only load files from this origin and connect to it.
const policy = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'";

const files = new Map([
  ['/', ['index.html', 'text/html; charset=utf-8']],
  ['/page.js', ['page.js', 'text/javascript; charset=utf-8']],
  ['/page.css', ['page.css', 'text/css; charset=utf-8']],
] as const);

kite.handleHttp('/', async (request, response) => {
  const [name, type] = files.get((request.url ?? '').split('?')[0] as '/') ?? [];
  if (name === undefined) {
    // Browsers also request an icon.
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
