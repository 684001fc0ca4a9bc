import { type DnodeLimits, dnodeLimits } from '../../dnode/dnode-limits.js';
import { type StreamLimits, streamLimits } from './stream-limits.js';
import {
  type ErrorLimits,
  errorLimits,
  type MetadataLimits,
  metadataLimits,
} from '../../protocol/protocol-limits.js';
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

/** Limits of each connection, in Node and in pages. */
export interface ConnectionLimits
  extends ChannelLimits,
    DnodeLimits,
    ErrorLimits,
    MetadataLimits,
    StreamLimits {
  /** Maximum number of calls of one peer that run at a time. Default 16,384. If exceeded, reading from the peer pauses. */
  readonly callsPerConnection: number;
}

/**
 * Limits on the resources that peers of a kite can use. Each layer declares its part; the option `limits` of a kite changes
 * any of them. If a peer exceeds a limit, its connection closes or its call fails. The process continues.
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

/** Defaults of the limits of each connection. */
export const connectionLimits: ConnectionLimits = {
  ...channelLimits,
  ...dnodeLimits,
  ...errorLimits,
  ...metadataLimits,
  ...streamLimits,
  callsPerConnection: 16_384,
};

/** Defaults of the limits of a kite. */
// A function creates them, so that the bundle for pages omits them.
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
 * Maximum length of the common prefix of the calls of one peer, in characters. Default 16,384. If exceeded, each call is
 * parsed as a whole.
 */
export const PREFIX_LENGTH = 16_384;

/**
 * Maximum remaining time of a call, in milliseconds. Default 31,536,000 s. If exceeded, the call has no deadline at the
 * called kite.
 */
export const MAX_DEADLINE = 31_536_000_000;

/**
 * Maximum length of the calls of callbacks in one turn of the event loop that wait until it is known whether their answers are
 * read, in UTF-16 code units. Default 262,144. If exceeded, they are sent without a request for their answers.
 */
export const HELD_LENGTH = 262_144;

/**
 * Maximum number of failures of functions that a peer has called which are logged as errors, for each connection. Default 10. If
 * exceeded, they are debug messages.
 */
export const LOGGED_FAILURES = 10;

/**
 * Maximum number of kites of a service, or of a query of `kitectl call`, to which one call is sent. Default 5. If exceeded, the
 * call fails with the error of the last one.
 */
export const ATTEMPTS_OF_CALL = 5;

/** Maximum number of credentials whose encoding is cached. Default 16. If exceeded, the cache is cleared. */
export const CACHED_CREDENTIALS = 16;

/** Maximum number of certificates and headers of clients that are cached. Default 16. If exceeded, the cache is cleared. */
export const CACHED_ACCESS = 16;

/** Maximum number of method names whose encoding is cached. Default 1,000. If exceeded, the cache is cleared. */
export const CACHED_METHODS = 1000;

/**
 * Maximum number of numbers in a message that are received as they are written. Default 100,000. If exceeded, the others lose their
 * notation, and if that would change a number, the call fails.
 */
export const NUMBER_LITERALS = 100_000;

/**
 * Maximum number of verified credentials that are cached. Default 2,048. If exceeded, the least recently used ones are
 * removed.
 */
export const VERIFIED_CREDENTIALS = 2048;

/**
 * Maximum number of decisions of `acceptKontrolKey` that are cached. Default 256. If exceeded, the least recently used ones are
 * removed.
 */
export const KONTROL_KEY_DECISIONS = 256;

/**
 * Maximum number of callers of a method whose rates are counted separately. Default 10,000. If exceeded, the least recently used
 * ones may call as often as at first.
 */
export const THROTTLED_CALLERS = 10_000;

/**
 * Maximum number of kite keys, or tokens of different kite keys, that one connection can authenticate with. Default 64. If
 * exceeded, the call fails with `authenticationError`.
 */
export const CONNECTION_CREDENTIALS = 64;

/**
 * Maximum number of ids of revoked kite keys in a response of Kontrol. Default 100,000. If exceeded, the rest is ignored.
 */
export const REVOKED_IDS = 100_000;

/**
 * Maximum number of PEM encodings of trusted keys that are cached. Default 16. If exceeded, further encodings are parsed each
 * time.
 */
export const KEY_ENCODINGS = 16;

/**
 * Maximum number of tokens that a client of a Kontrol in Go keeps for the results of queries with globs. Default 1,000. If
 * exceeded, the least recently used one is requested again.
 */
export const NARROW_TOKENS = 1000;

/**
 * Maximum number of revoked keys, or other strings, in a list of a response of Kontrol. Default 1,000. If exceeded, the rest
 * is ignored.
 */
export const KONTROL_STRINGS = 1000;

/**
 * Minimum number of file descriptors that connections leave free for files and programs, and at most an eighth of all. Default
 * 64. If less are free, new connections are closed.
 */
export const RESERVED_DESCRIPTORS = 64;

/** Minimum interval of a heartbeat, in seconds. Default 1. If a caller requests less, this interval is used. */
export const MIN_HEARTBEAT = 1;

/** Maximum interval of a heartbeat, in seconds. Default 3,600. If exceeded, this interval is used. */
export const MAX_HEARTBEAT = 3600;

/** Maximum number of refused host names and origins that are logged. Default 16. If exceeded, further ones are not logged. */
export const LOGGED_REFUSALS = 16;

/** Maximum length of a host name or origin in the log, in characters. Default 200. If exceeded, the rest is omitted. */
export const LOGGED_LENGTH = 200;

/** Maximum length of an alert that a peer shows in a page, in characters. Default 2,000. If exceeded, the rest is omitted. */
export const ALERT_LENGTH = 2000;

/**
 * Maximum time that a closing kite waits for the peers of its clients to answer close frames, in milliseconds. Default 1 s. If
 * exceeded, `close` resolves anyway.
 */
export const CLOSING_TIMEOUT = 1000;

/**
 * Maximum time that a closing kite waits until Kontrol has deregistered it, in milliseconds. Default 2 s. If exceeded, it closes
 * anyway, and Kontrol deregisters it when its connection or its lease has ended.
 */
export const DEREGISTER_TIMEOUT = 2000;

/**
 * Maximum time that a request of `/readyz` waits for the check of the program, in milliseconds. Default 5 s. If exceeded, the
 * response is 503.
 */
export const READY_TIMEOUT = 5000;

/**
 * Maximum number of failures of one method that are logged as errors at once. Default 20. If exceeded, further failures are debug
 * messages.
 */
export const FAILURE_LOG_BURST = 20;

/**
 * Maximum rate at which failures of one method are logged as errors after that, as the interval between two in milliseconds.
 * Default 1 s. If exceeded, further failures are debug messages.
 */
export const FAILURE_LOG_INTERVAL = 1000;
