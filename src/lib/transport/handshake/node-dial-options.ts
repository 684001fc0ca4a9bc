import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { ConnectionBudgets } from '../channel/memory-budget.js';
import type { DialOptions } from './dial-options.js';
import type { FindProxy } from './forward-proxy.js';

/** Certificates and their verification. `ca` would replace the authorities of Node: see `outgoing`. */
export type DialTls = Pick<ConnectionOptions, 'secureContext' | 'rejectUnauthorized' | 'servername'>;

/** Additional headers of a request, by name. */
export type RequestHeaders = Readonly<Record<string, string>>;

/** Options to dial from Node. */
export interface NodeDialOptions extends DialOptions {
  readonly tls?: DialTls | undefined;
  /** Headers of all requests. Default: none. */
  readonly headers?: RequestHeaders | undefined;
  /** Finds the proxy through which a connection leaves this network. */
  readonly findProxy: FindProxy;
  /** The budgets that the connection shares with others. Default: none. */
  readonly budgets?: ConnectionBudgets | undefined;
  /** Called with the connection of a WebSocket that has opened. */
  readonly opened?: ((socket: Socket) => void) | undefined;
}
