import type { IncomingMessage, ServerResponse } from 'node:http';
import type { UpgradeHandler } from './http-routes.js';

/**
 * Hosts at the port of a kite that are not the kite itself, such as those of the kites behind a proxy. Their requests skip the
 * kite's checks of Host and Origin.
 */
export interface VirtualHosts {
  /** Whether a request is for one of these hosts. */
  serves(request: IncomingMessage): boolean;
  request(request: IncomingMessage, response: ServerResponse): void;
  readonly upgrade: UpgradeHandler;
}
