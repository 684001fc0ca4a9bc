import type { DnodeMessage } from '../../dnode/dnode-message.js';

/** A function that a stream has passed to the peer. Calls of it arrive as messages, because their size counts. */
export abstract class StreamEntry {
  /** Handles a call of the peer. `size` is the length of its message in UTF-16 code units. */
  abstract receive(message: DnodeMessage, size: number): void;

  /** The call to which the stream belongs has ended. */
  abstract close(reason: unknown): void;
}
