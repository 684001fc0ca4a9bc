/** Clients of a fleet of kites, for `bench/fleet.ts`: by a query for Kontrol, or by the URLs of the kites. */
import { Kite, type Service, type ServiceOptions } from '../../dist/lib/index.js';
import { type FleetClient, type FleetMethods, TIMEOUT } from './member.js';

const options: ServiceOptions<keyof FleetMethods> = { idempotent: ['again'], client: { timeout: TIMEOUT } };

export function connectByUrls(ports: readonly number[]): FleetClient {
  const kite = new Kite('caller', '1.0.0', { kiteKey: false, env: {} });
  const urls = ports.map((port) => `http://127.0.0.1:${port}/kite`);
  return clientOf(kite, kite.service<FleetMethods>(urls, options));
}

export function connectByQuery(kontrolUrl: string, kiteKey: string): FleetClient {
  const kite = new Kite('caller', '1.0.0', { kontrolUrl, kiteKey, env: {} });
  return clientOf(kite, kite.service<FleetMethods>('/bob/bench/fleet', options));
}

function clientOf(kite: Kite, service: Service<FleetMethods>): FleetClient {
  return { call: (method, id) => service.tell(method, id), close: () => kite.close() };
}
