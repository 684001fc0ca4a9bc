// Connects from each place that has an option for certificate authorities, and prints what happened as JSON.
import { Kite } from '../../../dist/lib/index.js';
import { ReverseProxy } from '../../../dist/lib/proxy.js';

const { ca, kontrol, math, proxy, tunnel, proxyKontrol, userKey, kontrolKey } = JSON.parse(
  process.env.ADDED_AUTHORITIES,
);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const open = [];

function newKite(options = {}) {
  const common = { kiteKey: userKey, environment: 'prod', port: 0, env: {}, logger: silent };
  const kite = new Kite('math', '1.0.0', { ...common, ...options });
  kite.handle('square', ({ args: [n] }) => n * n).disableAuthentication();
  open.push(kite);
  return kite;
}

async function square(kite, url, options) {
  const client = kite.newClient(url, options);
  await client.dial();
  return client.tell('square', 4);
}

const places = {
  'a client over WebSocket': () => square(newKite(), math, { ca }),
  'a client over XHR polling': () => square(newKite(), math, { ca, transport: 'XHRPolling' }),
  'the clients of a kite': () => square(newKite({ serverAccess: { ca } }), math),
  'a registration': async () => {
    const kite = newKite({ kontrolUrl: kontrol, serverAccess: { ca } });
    await kite.listen();
    return typeof (await kite.register()).url;
  },
  'a registration over HTTP': async () => {
    const kite = newKite({ kontrolUrl: kontrol, serverAccess: { ca } });
    await kite.listen();
    const registration = await kite.registerHttp();
    registration.stop();
    return typeof registration.url;
  },
  'a registration with a reverse proxy': async () => {
    const kite = newKite({ proxyUrl: proxy });
    await kite.listen();
    return typeof (await kite.registerToProxy({ ca })).url;
  },
  'a registration with a tunnel proxy, and its tunnels': async () => {
    const kite = newKite({ proxyUrl: tunnel });
    const { url } = await kite.registerToTunnel({ ca });
    return square(newKite(), url);
  },
  'a reverse proxy': async () => {
    const common = { kiteKey: kontrolKey, kontrolUrl: proxyKontrol, port: 0, env: {}, logger: silent };
    const reverse = new ReverseProxy({ ...common, kiteCa: ca });
    await reverse.listen();
    open.push(reverse);
    const { url } = await newKite({ proxyUrl: reverse.url }).registerToProxy({ url: new URL(math).origin });
    return square(newKite(), `${url}/kite`);
  },
};

const results = {};
for (const [name, connect] of Object.entries(places)) {
  // Registrations try again after a failure.
  const late = new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error('late')), 15_000).unref();
  });
  results[name] = await Promise.race([connect(), late]).catch((error) => String(error));
}
console.log(JSON.stringify(results));
await Promise.all(open.map((part) => part.close({ drainTimeout: 0 })));
process.exit();
