/* What a peer may make this process spend: every bound, in parts by who needs it, and all of them in `Limits`. */

/** What bounds each connection, in Node and in pages. */
export interface ConnectionLimits {
  /** Largest message accepted or sent, in bytes of UTF-8. Default 16 MiB. Passed: the connection closes with 1009. */
  readonly messageBytes: number;
  /** Deepest nesting of arrays and objects in a message. Default 128. Passed: the connection closes with 1008. */
  readonly messageDepth: number;
  /** Most functions in one message. Default 1,024. Passed: the connection closes with 1008. */
  readonly callbacksPerMessage: number;
  /**
   * Most functions that this side has handed to one peer and that the peer may still call. Default 65,536. Passed: the
   * call that would hand over one more fails with `argumentError`.
   */
  readonly callbacksPerConnection: number;
  /** Most calls of one peer that may be running at once. Default 16,384. Passed: reading from the peer pauses. */
  readonly callsPerConnection: number;
  /** Bytes waiting to be sent to one peer above which reading from it pauses until it has read. Default 1 MiB. */
  readonly pauseBytes: number;
  /** Most bytes waiting to be sent to one peer. Default 64 MiB. Passed: the connection closes with 1008. */
  readonly sendQueueBytes: number;
  /**
   * Milliseconds that a connection may stay silent, its answers to pings included, before it counts as dead.
   * Default 60,000; 0 = no bound.
   */
  readonly idleTimeout: number;
  /** Milliseconds that an XHR or EventSource session outlives its last receiver. Default 10,000. */
  readonly disconnectDelay: number;
}

/** What bounds the sessions of a page with other pages, over WebRTC. */
export interface PeerLimits {
  /** Most WebRTC sessions of a page with other pages. Default 256. Passed: others are refused. */
  readonly peers: number;
  /** Most of them with one other page. Default 16. Passed: others of that page are refused. */
  readonly sessionsPerPeer: number;
  /** Longest description (SDP) of another page's end of a WebRTC session. Default 65,536. Passed: no data channel. */
  readonly descriptionLength: number;
  /** Most addresses that another page may have this one try for one session. Default 64. Passed: the rest is not tried. */
  readonly candidates: number;
}

/**
 * What a peer may make this process spend. One record, so that whoever runs a kite can read every bound in one place
 * and set any of them in the kite's `limits` option. A limit that is passed costs the peer its connection (or its call
 * an error), never the process.
 */
export interface Limits extends ConnectionLimits, PeerLimits {
  /** Most SockJS sessions of one server. Default 65,536. Passed: a new session is answered with 503. */
  readonly sessions: number;
  /**
   * Most bytes of WebRTC signals from one kite to another that Kontrol has passed on and that were not taken yet; each
   * counts a KiB at least. Default 8 MiB. Passed: `requestLimitError`.
   */
  readonly signalBytes: number;
  /** Most sessions that a kite has through tunnels at a time. Default 4,096. Passed: the caller is turned away. */
  readonly tunnels: number;
  /** Most callers of one kite that wait, at a tunnel proxy, for their tunnel to it. Default 1,024. Passed: 503. */
  readonly waitingCallers: number;
  /** Milliseconds that a caller waits for its tunnel, and that the kite's token for it is good. Default 60,000. */
  readonly tunnelTimeout: number;
  /** Milliseconds in which the headers of an HTTP request must have come. Default 10,000. Passed: 408. */
  readonly headersTimeout: number;
  /** Milliseconds in which a whole HTTP request must have come. Default 60,000. Passed: 408. */
  readonly requestTimeout: number;
}

export const connectionLimits: ConnectionLimits = {
  messageBytes: 16 * 1024 * 1024,
  messageDepth: 128,
  callbacksPerMessage: 1024,
  callbacksPerConnection: 65_536,
  callsPerConnection: 16_384,
  pauseBytes: 1024 * 1024,
  sendQueueBytes: 64 * 1024 * 1024,
  idleTimeout: 60_000,
  disconnectDelay: 10_000,
};

export const peerLimits: PeerLimits = {
  peers: 256,
  sessionsPerPeer: 16,
  descriptionLength: 65_536,
  candidates: 64,
};

// Made by a function so that what packs pages can leave it out: they need no more than the two parts above.
export const defaultLimits: Limits = /* @__PURE__ */ allLimits();

function allLimits(): Limits {
  return Object.freeze({
    ...connectionLimits,
    ...peerLimits,
    sessions: 65_536,
    signalBytes: 8 * 1024 * 1024,
    tunnels: 4096,
    waitingCallers: 1024,
    tunnelTimeout: 60_000,
    headersTimeout: 10_000,
    requestTimeout: 60_000,
  });
}
