// A kite in a process of its own that registers with the Kontrol of its arguments: URL, kite key, name.
import { Kite } from '../../../dist/lib/index.js';

const [kontrolUrl, kiteKey, name] = process.argv.slice(2);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const kite = new Kite(name, '1.0.0', {
  port: 0,
  host: '127.0.0.1',
  environment: 'prod',
  kontrolUrl,
  kiteKey,
  env: {},
  logger: silent,
});
kite.handle('name', () => name);
await kite.listen();
await kite.registerForever();
process.once('SIGTERM', () => void kite.close());
console.log(kite.url);
