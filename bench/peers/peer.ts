/** A connection of the benchmark. The server and the client of each peer run in separate processes. */
export interface Connection {
  square(n: number): Promise<number>;
  /** Resolves with the value, as it has returned from the server. */
  echo(value: unknown): Promise<unknown>;
  /** Has the server call `each` `times` times, or send as many items, then resolves. */
  count(times: number, each: () => void): Promise<void>;
  /** Resolves when the connection has ended. */
  close(): Promise<void>;
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
