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
  /**
   * Maximum number of tagged values in one message, such as dates. Default 65,536. If exceeded, the call fails with
   * `argumentError`.
   */
  readonly valuesPerMessage: number;
}

/**
 * Maximum size of bytes that are sent as base64 within a message, in bytes. Default 1,024. If exceeded, a binary message carries
 * them where both ends of a WebSocket support it. Up to this size, base64 takes less time, because messages share frames.
 */
export const INLINE_BYTES = 1024;

/** Maximum number of digits of a BigInt that a peer sends. Default 4,096. If exceeded, the call fails with `argumentError`. */
export const BIGINT_DIGITS = 4096;

/**
 * Maximum length of the source of a regular expression that a peer sends, in characters. Default 4,096. If exceeded, the call
 * fails with `argumentError`.
 */
export const REGEXP_LENGTH = 4096;

/**
 * Maximum number of arrays and objects in a message whose nesting is checked after it has been parsed. Default 65,536. If exceeded,
 * it is checked before.
 */
export const PARSED_BRACKETS = 65_536;

export const dnodeLimits: DnodeLimits = {
  messageDepth: 128,
  callbacksPerMessage: 1024,
  callbacksPerConnection: 65_536,
  valuesPerMessage: 65_536,
};
