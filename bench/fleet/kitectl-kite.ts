/** A kite of `bench/fleet.ts`. Tells the parent when it is ready. */
import { Kite } from '../../dist/lib/index.js';
import { type FleetEnvironment, type FleetMethod, noteCalls } from './member.js';

const env = process.env as FleetEnvironment;
const note = noteCalls(env.FLEET_NOTES ?? '');
const ports = JSON.parse(env.FLEET_PORTS ?? '[]') as number[];
const kite = new Kite('fleet', '1.0.0', {
  port: ports[Number(env.FLEET_INDEX)] ?? 0,
  environment: 'bench',
  kiteKey: env.FLEET_KEY ?? false,
  kontrolUrl: env.FLEET_KONTROL,
  env: {},
});
for (const method of ['once', 'again'] satisfies FleetMethod[]) {
  const added = kite.handle<[number]>(method, ({ args: [id] }) => note(method, id));
  if (env.FLEET_KONTROL === undefined) added.disableAuthentication();
}
process.once('SIGTERM', () => void kite.close());
await kite.listen();
if (env.FLEET_KONTROL !== undefined) await kite.registerForever();
process.send?.('ready', () => process.disconnect());
