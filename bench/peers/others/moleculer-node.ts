/** A node of Moleculer for `bench/fleet.ts`. Tells the parent when it is ready. */
import { ServiceBroker } from 'moleculer';
import { type FleetEnvironment, noteCalls } from '../../fleet/member.js';
import { brokerOptions } from './moleculer-options.js';

const env = process.env as FleetEnvironment;
const note = noteCalls(env.FLEET_NOTES ?? '');
const broker = new ServiceBroker({
  ...brokerOptions(JSON.parse(env.FLEET_PORTS ?? '[]') as number[], Number(env.FLEET_INDEX)),
  // Calls that run are answered before the process ends.
  tracking: { enabled: true, shutdownTimeout: 5000 },
});
broker.createService({
  name: 'fleet',
  actions: {
    once: ({ params: { id } }: { params: { id: number } }) => note('once', id),
    again: ({ params: { id } }: { params: { id: number } }) => note('again', id),
  },
});
await broker.start();
process.send?.('ready', () => process.disconnect());
