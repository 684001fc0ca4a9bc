import type { Transport } from './transport-names.js';
import type { Abortable } from '../../util/abortable.js';
import type { Clock } from '../../util/clock.js';
import type { ChannelLimits } from '../limits/transport-limits.js';

export interface DialOptions {
  /** `Session`, which Node's `dial` alone knows: the WebSocket of one SockJS session, at the URL as it stands. */
  readonly transport: Transport | 'Session';
  /** Milliseconds in which the session has to be open; 0 = no bound. */
  readonly handshakeTimeout: number;
  readonly limits: ChannelLimits;
  readonly clock: Clock;
  /** Gives up when it fires. Once the connection is made, it has no effect. */
  readonly signal?: Abortable | undefined;
}
