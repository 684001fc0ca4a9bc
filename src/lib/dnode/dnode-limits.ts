/** Limits of the messages of a peer. */
export interface DnodeLimits {
  /** Maximum nesting of arrays and objects in a message. Default 128. If exceeded, the connection closes with 1008. */
  readonly messageDepth: number;
  /** Maximum number of functions in one message. Default 1,024. If exceeded, the connection closes with 1008. */
  readonly callbacksPerMessage: number;
  /**
   * Maximum number of functions that this side has passed to one peer and that the peer may still call. Default 65,536. If
   * exceeded, the call that passes one more fails with `argumentError`.
   */
  readonly callbacksPerConnection: number;
}

/**
 * Maximum number of arrays and objects in a message whose nesting is checked after it has been parsed. Default 65,536. If exceeded,
 * it is checked before.
 */
export const PARSED_BRACKETS = 65_536;

export const dnodeLimits: DnodeLimits = {
  messageDepth: 128,
  callbacksPerMessage: 1024,
  callbacksPerConnection: 65_536,
};
