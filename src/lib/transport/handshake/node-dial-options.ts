import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { ConnectionBudgets } from '../channel/memory-budget.js';
import type { DialOptions } from './dial-options.js';
import type { FindProxy } from './forward-proxy.js';

/** The certificates to trust, and the client's own certificate. */
export type DialTls = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;

/** Options to dial from Node. */
export interface NodeDialOptions extends DialOptions {
  readonly tls?: DialTls | undefined;
  /** Finds the proxy through which a connection leaves this network. */
  readonly findProxy: FindProxy;
  /** The budgets that the connection shares with others. Default: none. */
  readonly budgets?: ConnectionBudgets | undefined;
  /** Called with the connection of a WebSocket that has opened. */
  readonly opened?: ((socket: Socket) => void) | undefined;
}
