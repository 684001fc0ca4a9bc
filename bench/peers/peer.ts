/** One way of making calls, as the benchmark drives it. Each peer runs its server and its client in processes of their own. */
export interface Connection {
  square(n: number): Promise<number>;
  echo(text: string): Promise<string>;
  /** Has the server call `each` back `times` times, then resolves. */
  count(times: number, each: () => void): Promise<void>;
  /** Resolves when the connection has ended. */
  close(): Promise<void>;
}

export interface ClientPeer {
  connect(url: string): Promise<Connection>;
}

export interface ServerPeer {
  /** Starts on a free port and resolves with the URL that clients are given. */
  listen(): Promise<string>;
}
