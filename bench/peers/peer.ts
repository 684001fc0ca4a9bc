/** A connection of the benchmark. The server and the client of each peer run in separate processes. */
export interface Connection {
  square(n: number): Promise<number>;
  echo(text: string): Promise<string>;
  /** Has the server call `each` `times` times, then resolves. */
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
