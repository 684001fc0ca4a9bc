/** The part of `kite.js` 1.0.13 from npm that tests and benchmarks use: it comes without types. */
declare module 'kite.js' {
  type Done = (error: unknown, result?: unknown) => void;
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever the method takes, and `done` at the end
  type Method = (...args: any[]) => void;

  interface KiteOptions {
    url: string;
    autoConnect?: boolean;
    autoReconnect?: boolean;
    logLevel?: number;
    name?: string;
    username?: string;
    auth?: { type: string; key: string };
    api?: Record<string, Method>;
    transportClass?: unknown;
    transportOptions?: object;
  }

  class Kite {
    static transport: { SockJS: unknown; WebSocket: unknown };
    constructor(options: KiteOptions);
    connect(): void;
    disconnect(): void;
    tell(method: string, args?: unknown, done?: Done): Promise<unknown>;
    on(event: string, listener: (...args: unknown[]) => void): void;
    emit(event: string, ...args: unknown[]): void;
    setToken(token: string): unknown;
    getToken(): string;
    expireToken(done: Done): void;
  }

  interface Changes {
    once(event: string, listener: (...args: unknown[]) => void): void;
  }

  class Kontrol {
    constructor(options: KiteOptions);
    authenticate(): void;
    connect(): void;
    disconnect(): void;
    once(event: string, listener: (...args: unknown[]) => void): void;
    fetchKites(args: { query: object }): Promise<Kite[]>;
    fetchKite(args: { query: object }): Promise<Kite>;
    watchKites(args: { query: object }): Promise<{ changes: Changes; watcherID: string }>;
    cancelWatcher(id: string): Promise<unknown>;
  }

  class KiteServer {
    static transport: { SockJS: unknown; WebSocket: unknown };
    constructor(options: {
      name: string;
      auth: boolean;
      logLevel?: number;
      prefix?: string;
      serverClass?: unknown;
      api: Record<string, Method | { func: Method; auth: boolean }>;
    });
    listen(port: number): void;
    close(): void;
    on(event: string, listener: (...args: unknown[]) => void): void;
  }

  const kitejs: { Kite: typeof Kite; KiteServer: typeof KiteServer; Kontrol: typeof Kontrol };
  export default kitejs;
}
