/** A kite of `bench/service.ts`. Sends its URL to the parent, and its CPU time in microseconds when it is asked for. */
import { Kite } from '../dist/lib/index.js';

const kite = new Kite('bench', '1.0.0', { port: 0, kiteKey: false, env: {} });
kite.handle<[number]>('square', ({ args: [n] }) => n * n).disableAuthentication();
await kite.listen();
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
process.on('disconnect', () => void kite.close());
process.send?.(kite.url);
