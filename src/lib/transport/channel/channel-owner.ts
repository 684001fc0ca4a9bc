import type { Channel } from './channel.js';

/** Whoever keeps a list of channels learns here that one has ended. */
export interface ChannelOwner {
  left(channel: Channel): void;
}
