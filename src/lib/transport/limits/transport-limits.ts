/** Limits of each channel, in Node and in pages. */
export interface ChannelLimits {
  /** Maximum size of a message, in bytes of UTF-8. Default 16 MiB. If exceeded, the connection closes with 1009. */
  readonly messageBytes: number;
  /**
   * Maximum number of bytes that are queued for one peer while reading from it continues. Default 1 MiB. If exceeded, reading
   * from the peer pauses until the queue has drained.
   */
  readonly pauseBytes: number;
  /**
   * Maximum memory that the queue for one peer takes, in bytes. Default 64 MiB. If exceeded, a call fails with `sendError`,
   * and with a response or another message, the connection closes with 1008.
   */
  readonly sendQueueBytes: number;
  /**
   * Maximum time that a connection may be silent, including its responses to pings, in milliseconds; 0 disables the limit.
   * Default 60 s. If exceeded, the connection counts as dropped.
   */
  readonly idleTimeout: number;
  /**
   * Maximum time that an XHR or EventSource session lasts without a request that receives, in milliseconds. Default 10 s. If
   * exceeded, the session ends.
   */
  readonly disconnectDelay: number;
}

/** Limits of a SockJS server. */
export interface ServerLimits {
  /** Maximum number of SockJS sessions of one server. Default 65,536. If exceeded, a new session gets HTTP status 503. */
  readonly sessions: number;
  /**
   * Maximum number of queued `xhr_send` requests of one session. Default 16. If exceeded, the request gets HTTP status
   * 503.
   */
  readonly uploadsPerSession: number;
  /**
   * Maximum memory that all peers that have not authenticated take together, in bytes: unfinished messages, uploads, and
   * messages that wait. Default 64 MiB. If exceeded, the connections that take most close with 1008.
   */
  readonly unauthenticatedBytes: number;
  /**
   * Maximum memory that the queues for all peers of a kite take together, in bytes, whichever side has connected. Default
   * 64 MiB. If exceeded, the connections with the longest queues close with 1008.
   */
  readonly totalQueueBytes: number;
}

/** Limits of a relay. */
export interface RelayLimits {
  /**
   * Maximum length of the messages that a tunnel buffers until its other end is connected, in UTF-16 units. Default 65,536. If
   * exceeded, reading from the peer pauses.
   */
  readonly tunnelBufferLength: number;
}

/** Limits of the WebRTC sessions of a page with other pages. */
export interface PeerLimits {
  /** Maximum number of WebRTC sessions of a page with other pages. Default 256. If exceeded, a new session is refused. */
  readonly peers: number;
  /**
   * Maximum number of WebRTC sessions with one other page. Default 16. If exceeded, a new session of that page is refused.
   */
  readonly sessionsPerPeer: number;
  /**
   * Maximum length of the session description (SDP) of another page, in characters. Default 65,536. If exceeded, the
   * data channel is not opened.
   */
  readonly descriptionLength: number;
  /** Maximum number of addresses that another page sends for one session. Default 64. If exceeded, the rest is ignored. */
  readonly candidates: number;
}

export const channelLimits: ChannelLimits = {
  messageBytes: 16 * 1024 * 1024,
  pauseBytes: 1024 * 1024,
  sendQueueBytes: 64 * 1024 * 1024,
  idleTimeout: 60_000,
  disconnectDelay: 10_000,
};

export const serverLimits: ServerLimits = {
  sessions: 65_536,
  uploadsPerSession: 16,
  unauthenticatedBytes: 64 * 1024 * 1024,
  totalQueueBytes: 64 * 1024 * 1024,
};

export const relayLimits: RelayLimits = {
  tunnelBufferLength: 65_536,
};

export const peerLimits: PeerLimits = {
  peers: 256,
  sessionsPerPeer: 16,
  descriptionLength: 65_536,
  candidates: 64,
};

/**
 * Maximum size of a queue that counts towards `totalQueueBytes` by its length, in bytes. Default 16 KiB. If exceeded, each of its
 * writes counts with the memory that it takes.
 */
export const UNWATCHED_QUEUE_BYTES = 16 * 1024;

/**
 * Maximum number of connections of strangers with unfinished messages from which a turn of the event loop reads. Default 4. If
 * exceeded, the others wait for the next turns.
 */
export const READERS_PER_TURN = 4;

/**
 * Maximum time that a closing server waits until the client of a session over HTTP fetches the close frame, and that a client whose
 * message could not be sent waits for it, in milliseconds. Default 2 s. If exceeded, the session ends without it.
 */
export const CLOSE_FRAME_TIMEOUT = 2000;

/**
 * Maximum time that a peer has to answer a close frame, in milliseconds. Default 5 s. If exceeded, the connection is dropped.
 */
export const CLOSE_GRACE = 5000;

/**
 * Maximum length of the headers of a response to a WebSocket handshake, or of a proxy to a request for a tunnel, in bytes. Default
 * 16,384. If exceeded, the connection fails with `protocol` or `proxy`.
 */
export const RESPONSE_HEADER_BYTES = 16_384;

/**
 * Maximum number of servers for which a kite remembers that WebSocket fails and XHR polling works. Default 256. If exceeded,
 * the least recently used one is forgotten, and is dialed over WebSocket first.
 */
export const REMEMBERED_FALLBACKS = 256;

/**
 * Maximum time for which a kite remembers that WebSocket to a server fails, in milliseconds. Default 300 s. If exceeded, the
 * server is dialed over WebSocket first.
 */
export const FALLBACK_TTL = 300_000;

/**
 * Maximum time that the transport `auto` waits for a WebSocket if the handshake has no timeout, in milliseconds. Default 5 s.
 * If exceeded, it tries XHR polling.
 */
export const UPGRADE_TIMEOUT = 5000;

/** Maximum number of cookies of a session over XHR polling. Default 16. If exceeded, further cookies are ignored. */
export const COOKIES = 16;

/** Maximum length of such a cookie, in characters. Default 4,096. If exceeded, the cookie is ignored. */
export const COOKIE_LENGTH = 4096;

/** Maximum number of message prefixes that a channel compares. Default 4. If exceeded, the oldest is removed. */
export const MAX_PREFIXES = 4;

/**
 * Maximum length of a frame of lines in addition to `messageBytes`, in UTF-16 units. Default 256 KiB. If exceeded, the connection
 * closes with 1009.
 */
export const OTHER_LINES_LENGTH = 256 * 1024;

/**
 * Maximum size of the memory in which a kite builds the frames of binary messages again and again, in bytes. Default 1 MiB. If
 * exceeded, a frame gets new memory.
 */
export const FRAME_MEMORY_BYTES = 1024 * 1024;

/** Maximum number of byte values in a binary message. Default 65,536. If exceeded, the connection closes with 1008. */
export const BINARY_VALUES = 65_536;

/** Maximum length of the id of a WebRTC session, in characters. Default 64. If exceeded, the signal is ignored. */
export const SESSION_ID_LENGTH = 64;

/**
 * Maximum time in which a WebRTC session that another page starts must connect, in milliseconds. Default 60 s. If exceeded,
 * the session is removed.
 */
export const ATTEMPT_TIMEOUT = 60_000;
