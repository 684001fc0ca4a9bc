import type { Channel } from './channel.js';
import type { CloseStatus } from './close-code.js';

/** An object that tracks channels, and is notified when one of them has ended. */
export interface ChannelOwner {
  channelEnded(channel: Channel): void;
  /**
   * Called at most once for a channel, when this side ends it because the peer has violated the protocol or exceeded a limit.
   * `bytes`: the size of the data that the peer has sent, if it is known.
   */
  channelRefused?(channel: Channel, violation: CloseStatus, bytes?: number): void;
}
