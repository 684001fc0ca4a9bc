import type { Channel, ChannelReceiver } from '../../transport/channel/channel.js';
import { ForwardingChannel } from '../../transport/channel/forwarding-channel.js';
import { guardListeners } from '../../util/guard-listeners.js';
import { OUTPUT_QUEUE_BYTES } from '../runtime/command-limits.js';
import type { CommandRuntime, Output } from '../runtime/command-runtime.js';

/**
 * Makes peers wait for the reader of a command's output. While more than `OUTPUT_QUEUE_BYTES` wait to be read, nothing is read from
 * the connections of the command, because nearly everything that arrives is printed.
 */
export class InputGate {
  readonly #outputs: readonly Output[];
  readonly #channels = new Set<Channel>();
  #holds = 0;
  #full = false;

  constructor({ stdout, stderr }: Pick<CommandRuntime, 'stdout' | 'stderr'>) {
    this.#outputs = [stdout, stderr];
  }

  /** Returns the channel to use instead of this one, which the command has dialed. */
  watch(channel: Channel): Channel {
    return new GatedChannel(channel, {
      started: () => this.#started(channel),
      received: () => this.#check(),
      ended: () => this.#channels.delete(channel),
    });
  }

  /** Stops reading until the returned function is called, as often as `hold`. */
  hold(): () => void {
    if (this.#holds++ === 0) for (const channel of this.#channels) channel.pause();
    return () => {
      if (--this.#holds === 0) for (const channel of this.#channels) channel.resume();
    };
  }

  #started(channel: Channel): void {
    this.#channels.add(channel);
    if (this.#holds > 0) channel.pause();
  }

  #check(): void {
    if (this.#full) return;
    const output = this.#outputs.find(({ writableLength }) => writableLength > OUTPUT_QUEUE_BYTES);
    if (!output) return;
    this.#full = true;
    const release = this.hold();
    const onRead = guardListeners(() => undefined)(() => {
      output.off('drain', onRead);
      output.off('close', onRead);
      this.#full = false;
      // The other stream may be full as well.
      this.#check();
      release();
    });
    output.on('drain', onRead);
    output.on('close', onRead);
  }
}

interface ChannelEvents {
  started(): void;
  /** A message has been handled. */
  received(): void;
  ended(): void;
}

/** A channel that reports what its receiver gets. */
class GatedChannel extends ForwardingChannel {
  readonly #events: ChannelEvents;

  constructor(channel: Channel, events: ChannelEvents) {
    super(channel);
    this.#events = events;
  }

  override start(receiver: ChannelReceiver): void {
    super.start(receiver);
    this.#events.started();
  }

  protected override received(): void {
    this.#events.received();
  }

  protected override ended(): void {
    this.#events.ended();
  }
}
