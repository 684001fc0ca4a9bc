/** A client of a fleet of nodes of Moleculer, for `bench/fleet.ts`. */
import { ServiceBroker } from 'moleculer';
import type { FleetClient } from '../../fleet/member.js';
import { brokerOptions } from './moleculer-options.js';

/** Attempts of a call that may run again, as many as a service of kitectl makes. */
const RETRIES = 4;

export async function connect(ports: readonly number[]): Promise<FleetClient> {
  const broker = new ServiceBroker({
    ...brokerOptions(ports, ports.length - 1),
    skipProcessEventRegistration: true,
    // Each call says whether it may run again.
    retryPolicy: { enabled: true, retries: 0, delay: 10 },
    circuitBreaker: { enabled: true },
  });
  await broker.start();
  await broker.waitForServices('fleet');
  return {
    call: (method, id) =>
      broker.call(`fleet.${method}`, { id }, { retries: method === 'again' ? RETRIES : 0 }),
    close: () => broker.stop(),
  };
}
