/**
 * The example of the original README: a kite that squares numbers.
 *
 *     npm run math -- --port 3636
 *     npx kitectl call square 4 --to http://localhost:3636/kite
 *
 * With --register it registers at the Kontrol of your kite key, and is found as /user/prod/math. With --proxy it does so
 * through a reverse proxy, which it finds at Kontrol or in KITE_PROXY_URL; with --tunnel through a tunnel proxy, and opens no
 * port itself.
 */
import { parseArgs } from 'node:util';
import { Kite, KiteError, kitePath, type RemoteFunction } from 'kitectl';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '3636' },
    register: { type: 'boolean', default: false },
    proxy: { type: 'boolean', default: false },
    tunnel: { type: 'boolean', default: false },
  },
});

const kite = new Kite('math', '1.0.0', {
  port: Number(values.port),
  environment: process.env['KITE_ENVIRONMENT'] || 'prod',
});

kite
  .handle('square', ({ args: [n] }) => {
    if (typeof n !== 'number')
      throw new KiteError('argumentError', `square takes a number, not ${JSON.stringify(n)}`);
    return n * n;
  })
  .disableAuthentication();

// Answers with the arguments it was given, so that you can see how the command line reads yours.
kite.handle('echo', ({ args }) => args).disableAuthentication();

// A function among the arguments is the caller's: calling it sends a message back while the call goes on.
kite
  .handle('count', ({ args: [to, onCount] }) => {
    if (typeof to !== 'number' || typeof onCount !== 'function') {
      throw new KiteError('argumentError', 'count takes a number and a function');
    }
    for (let i = 0; i < to; i++) (onCount as RemoteFunction<[number]>)(i);
    return to;
  })
  .disableAuthentication();

if (values.register || values.proxy || values.tunnel) {
  if (!values.tunnel) await kite.listen();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void kite.close());
  // The first time, and whenever it has moved to another proxy.
  kite.on('register', (url) => console.log(`registered as ${kitePath(kite.identity)} at ${url}`));
  if (values.tunnel) await kite.registerToTunnel();
  else if (values.proxy) await kite.registerToProxy();
  else await kite.registerForever();
} else {
  await kite.run();
}
