import { defaultLimits, type Limits } from '../../kite/limits/kite-limits.js';

/** Bounds on what a peer can make a proxy spend, in addition to the limits of every kite. */
export interface ProxyLimits extends Limits {
  /**
   * Maximum number of callers of one kite that wait for a tunnel. Default 1,024. If exceeded, the caller gets HTTP status 503.
   */
  readonly waitingCallers: number;
  /**
   * Maximum time that a caller waits for its tunnel, which is also the lifetime of the kite's token for the tunnel, in
   * milliseconds. Default 60 s. If exceeded, the connection closes with 1014.
   */
  readonly tunnelTimeout: number;
  /**
   * Maximum number of concurrent lookups of host names, each of which occupies a thread. Default 64. If exceeded, the
   * registration fails with `busy`.
   */
  readonly lookups: number;
  /**
   * Maximum number of ids that are reserved for the users of disconnected kites. Default 65,536. If exceeded, the oldest
   * reservation ends.
   */
  readonly reservedIds: number;
  /**
   * Maximum time that an id is reserved for its user after the kite has disconnected, in milliseconds. Default 120 s. If
   * exceeded, the id is available to other users.
   */
  readonly reservationTime: number;
}

export const defaultProxyLimits: ProxyLimits = Object.freeze({
  ...defaultLimits,
  waitingCallers: 1024,
  tunnelTimeout: 60_000,
  lookups: 64,
  reservedIds: 65_536,
  reservationTime: 120_000,
});

/**
 * Maximum length of the URL that a kite registers with the reverse proxy, in characters. Default 2,048. If exceeded, the
 * registration fails with `badUrl`.
 */
export const TARGET_URL_LENGTH = 2048;

/** Maximum length of the token of a tunnel, in characters. Default 1,024. If exceeded, the tunnel is refused. */
export const TUNNEL_TOKEN_LENGTH = 1024;

/** Maximum number of idle connections to one kite. Default 64. If exceeded, further ones are closed. */
export const IDLE_BACKENDS = 64;

/**
 * Maximum number of bytes that are buffered for one side of a joined WebSocket. Default 128 KiB. If exceeded, reading from the
 * other side pauses.
 */
export const JOINED_PAUSE_BYTES = 128 * 1024;

/**
 * Maximum time that one side of a joined WebSocket stays open after the other has ended, in milliseconds. Default 30 s. If
 * exceeded, it is closed.
 */
export const JOINED_LINGER = 30_000;
