import type { Channel } from './channel.js';

/** An object that tracks channels, and is notified when one of them has ended. */
export interface ChannelOwner {
  channelEnded(channel: Channel): void;
}
