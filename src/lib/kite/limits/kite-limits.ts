import { type DnodeLimits, dnodeLimits } from '../../dnode/dnode-limits.js';
import {
  type ChannelLimits,
  channelLimits,
  type PeerLimits,
  peerLimits,
  type RelayLimits,
  relayLimits,
  type ServerLimits,
  serverLimits,
} from '../../transport/limits/transport-limits.js';

/** What bounds each connection, in Node and in pages. */
export interface ConnectionLimits extends ChannelLimits, DnodeLimits {
  /** Maximum number of calls of one peer that run at a time. Default 16,384. If exceeded, reading from the peer pauses. */
  readonly callsPerConnection: number;
}

/**
 * What a peer may make a kite spend. Each layer declares its part, and a kite takes any of them in its option `limits`. A
 * peer that exceeds a limit loses its connection, or its call fails; the process goes on.
 */
export interface Limits extends ConnectionLimits, PeerLimits, RelayLimits, ServerLimits {
  /**
   * Maximum number of sessions that a kite has through tunnels. Default 4,096. If exceeded, a call of `kite.tunnel` fails
   * with `tunnelLimit`.
   */
  readonly tunnels: number;
  /**
   * Maximum time in which the headers of an HTTP request must arrive, in milliseconds. Default 10 s. If exceeded, the request
   * gets HTTP status 408.
   */
  readonly headersTimeout: number;
  /**
   * Maximum time in which a whole HTTP request must arrive, in milliseconds. Default 60 s. If exceeded, the request gets HTTP
   * status 408.
   */
  readonly requestTimeout: number;
}

export const connectionLimits: ConnectionLimits = {
  ...channelLimits,
  ...dnodeLimits,
  callsPerConnection: 16_384,
};

// By a function, so that the bundle for pages leaves it out.
export const defaultLimits: Limits = /* @__PURE__ */ makeDefaultLimits();

function makeDefaultLimits(): Limits {
  return Object.freeze({
    ...connectionLimits,
    ...peerLimits,
    ...relayLimits,
    ...serverLimits,
    tunnels: 4096,
    headersTimeout: 10_000,
    requestTimeout: 60_000,
  });
}

/**
 * Maximum length of the part that the calls of one peer have in common, in characters. Default 16,384. If exceeded, each call
 * is parsed as a whole.
 */
export const PREFIX_LENGTH = 16_384;

/** Maximum number of credentials whose encoding is cached. Default 16. If exceeded, all are forgotten and encoded anew. */
export const CACHED_CREDENTIALS = 16;

/**
 * Maximum number of method names whose encoding is cached. Default 1,000. If exceeded, all are forgotten and encoded anew.
 */
export const CACHED_METHODS = 1000;

/**
 * Maximum number of verified credentials that are cached. Default 2,048. If exceeded, the one that was used least recently is
 * verified again.
 */
export const VERIFIED_CREDENTIALS = 2048;

/**
 * Maximum number of spellings of trusted keys that are cached. Default 16. If exceeded, further spellings are parsed each
 * time.
 */
export const KEY_ENCODINGS = 16;

/**
 * Maximum number of revoked keys, or other strings, in a response of Kontrol. Default 1,000. If exceeded, the rest is
 * ignored.
 */
export const KONTROL_STRINGS = 1000;

/** Minimum interval of a heartbeat, in seconds. Default 1. If a caller asks for less, it gets this. */
export const MIN_HEARTBEAT = 1;

/** Maximum interval of a heartbeat, in seconds. Default 3,600. If exceeded, the caller gets this. */
export const MAX_HEARTBEAT = 3600;

/** Maximum number of refused host names and origins that are logged. Default 16. If exceeded, further ones are not logged. */
export const LOGGED_REFUSALS = 16;

/** Maximum length of a host name or origin in the log, in characters. Default 200. If exceeded, the rest is omitted. */
export const LOGGED_LENGTH = 200;

/** Maximum length of a text that a peer has a page show, in characters. Default 2,000. If exceeded, the rest is omitted. */
export const ALERT_LENGTH = 2000;
