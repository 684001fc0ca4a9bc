import type { Transport } from './transport-names.js';
import type { Abortable } from '../../util/abortable.js';
import type { Clock } from '../../util/clock.js';
import type { ChannelLimits } from '../limits/transport-limits.js';

export interface DialOptions {
  /** `Session` is supported only by Node's `dial`: the URL is that of the WebSocket of one SockJS session. */
  readonly transport: Transport | 'Session';
  /** Timeout of the handshake in milliseconds; 0 disables the timeout. */
  readonly handshakeTimeout: number;
  readonly limits: ChannelLimits;
  readonly clock: Clock;
  /** Aborts the handshake. Has no effect once the connection is open. */
  readonly signal?: Abortable | undefined;
}
