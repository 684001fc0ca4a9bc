/** A connection of the benchmark. The server and the client of each peer run in separate processes. */
export interface Connection {
  square(n: number): Promise<number>;
  /** Whether `echo` carries a Uint8Array as what it is. Default: it does not. */
  readonly hasBytes?: boolean;
  /** Resolves with the value, as it has returned from the server. */
  echo(value: unknown): Promise<unknown>;
  /** Has the server call `each` `times` times, or send as many items, then resolves. */
  count(times: number, each: () => void): Promise<void>;
  /** What this peer can do with streams. Undefined if it has none. */
  readonly streams?: StreamUse;
  /** Calls a method that does not return, and gives it up. Returns how long its handler runs after that, in milliseconds. */
  readonly abort?: () => Promise<number>;
  /** Resolves when the connection has ended. */
  close(): Promise<void>;
}

export interface StreamUse {
  /** Reads a stream of as many small items. */
  readonly items: (count: number, each: () => void) => Promise<void>;
  /**
   * Reads the file of the server as a stream. If the peer has back-pressure, the next part is taken when `each` has resolved.
   * `FileSource` is the file.
   */
  readonly download: (each: (part: Uint8Array) => Promise<void> | void) => Promise<void>;
  /** How many bytes of the file the server has read since the beginning of the last download. */
  readonly produced: () => Promise<number>;
}

export interface ClientPeer {
  connect(url: string): Promise<Connection>;
}

export interface ServerPeer {
  /** Listens on a free port and resolves with the URL for clients. */
  listen(): Promise<string>;
}

/** Both ends of a peer. */
export interface BothEnds {
  readonly server: ServerPeer;
  readonly client: ClientPeer;
}
