import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import os from 'node:os';
import { findKiteKey } from './config/find-kite-key.js';
import { dial } from '../transport/dial/dial.js';
import { refuseUpgrade } from '../transport/server/refuse-upgrade.js';
import { SockJsServer } from '../transport/server/sockjs-server.js';
import { type Clock, systemClock } from '../util/clock.js';
import { defaultLimits, type Limits } from '../util/limits.js';
import type { Logger } from '../util/logger.js';
import { StderrLogger } from '../util/stderr-logger.js';
import type { Dialer } from './call/client.js';
import { type Config, type ConfigOptions, resolveConfig } from './config/kite-config.js';
import { addDefaultMethods } from './serve/default-methods.js';
import { FrontDoor, notFound } from './serve/front-door.js';
import { addHeartbeatMethod, type HeartbeatFrom } from './serve/heartbeat-method.js';
import { HttpListener, type TlsOptions } from './serve/http-listener.js';
import type { HttpHandler, HttpRouteOptions, UpgradeHandler } from './serve/http-routes.js';
import { KnownCalls } from './call/envelope-cache.js';
import { KontrolTrust } from './trust/kontrol-trust.js';
import type { MethodHandling } from './serve/method.js';
import type { AnyMethods } from './call/method-types.js';
import { outboundAddress } from './config/outbound-address.js';
import { ProxiedKite } from './proxied/proxied-kite.js';
import { addSystemMethods, type SystemMethod } from './serve/system-methods.js';
import { Verifier } from './trust/verifier.js';

/** Everything about a kite that a program may decide. What it leaves out comes from `KITE_*`, the kite key, a default. */
export interface KiteOptions extends ConfigOptions {
  /**
   * The kite key (a JWT) by which callers are authenticated. Default: `KITE_KEY`, `KITE_KEY_FILE`, or `kite.key` in
   * `KITE_HOME` or `~/.kite`, where there is one. `false`: none; only methods without authentication can be called.
   */
  readonly kiteKey?: string | false;
  /** Whose kite keys are accepted: those of this kite's own user (`own`, the default), of the named users, or of `any`. */
  readonly allowKiteKeysOf?: 'own' | 'any' | readonly string[];
  /** Methods that a kite dialled from here may call back without authentication; `true` = all. Default none. */
  readonly trustRemote?: readonly string[] | true;
  /**
   * Keeps the fresh kite key that Kontrol hands out after it has changed its keys, for the next start. Default: it is used,
   * and forgotten when the process ends.
   */
  readonly saveKiteKey?: (jwt: string) => void | Promise<void>;
  /** Whose `kite.heartbeat` is answered: that of `kontrol` (the default), or of `anyone` who is authenticated. */
  readonly heartbeatFrom?: HeartbeatFrom;
  /** Default methods that reach the machine or the person at it, off by default: `['kite.systemInfo']`. */
  readonly systemMethods?: readonly SystemMethod[];
  /** Whether calls of one connection run side by side. Default true. */
  readonly concurrent?: boolean;
  /** Which handler's value is a call's result. Default `ReturnMethod`. */
  readonly methodHandling?: MethodHandling;
  /** Paths under which the kite is served. The first stands in its URL. Default `/kite` and `/<name>-<version>/kite`. */
  readonly prefixes?: readonly [string, ...string[]];
  /** Sets a JSESSIONID cookie, by which balancers keep a session on one server. Default false. */
  readonly sessionCookie?: boolean;
  /** What a peer may make this process spend. */
  readonly limits?: Partial<Limits>;
  /** Where log lines go. Default standard error, from `KITE_LOG_LEVEL` up. */
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Where `KITE_*` is read. Default `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface CloseOptions {
  /** Milliseconds that running calls have to finish. Default 10,000. */
  readonly drainTimeout?: number;
}

/**
 * A kite: a named program whose methods others call, and that calls others.
 *
 *     const kite = new Kite('math', '1.0.0', { port: 3636 });
 *     kite.handle<[number], number>('square', ({ args: [n] }) => n * n).disableAuthentication();
 *     await kite.listen();
 *
 * Lifecycle: methods, then `listen`, `mount` or neither (a kite that only calls), then `close`. The constructor throws a
 * ConfigurationError that names the option, variable or key file that is wrong.
 */
export class Kite<Methods = AnyMethods> extends ProxiedKite<Methods> {
  readonly config: Config;
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #door: FrontDoor;
  readonly #beforeClose: (() => Promise<unknown>)[] = [];
  readonly #prefix: string;
  readonly #sockjs: SockJsServer;
  readonly #verifier: Verifier;
  #tls: TlsOptions | undefined;
  #listener: HttpListener | undefined;
  #url: string | undefined;
  #closing: Promise<void> | undefined;

  constructor(name: string, version: string, options: KiteOptions = {}) {
    const env = options.env ?? process.env;
    const clock = options.clock ?? systemClock;
    const limits = { ...defaultLimits, ...options.limits };
    const kiteKey = findKiteKey(options.kiteKey, env);
    const config = resolveConfig(options, { env, kiteKey });
    const logger = options.logger ?? new StderrLogger({ level: config.logLevel, color: config.logColor });
    const { username, environment, region } = config;
    const identity = {
      name,
      username,
      id: randomUUID(),
      environment,
      region,
      version: config.version ?? version,
      hostname: os.hostname(),
    };
    const verifier = new Verifier({
      identity,
      kiteKey,
      clock,
      verifyTtl: config.verifyTtl,
      allowKiteKeysOf: options.allowKiteKeysOf ?? 'own',
    });
    super({
      name,
      identity,
      limits,
      clock,
      logger,
      authenticator: verifier,
      methodHandling: options.methodHandling ?? 'ReturnMethod',
      concurrent: options.concurrent ?? true,
      timeout: config.timeout,
      handshakeTimeout: config.handshakeTimeout,
      transport: config.transport,
      trustRemote: options.trustRemote,
      dialer: makeDialer(limits, clock),
      newMemory: () => new KnownCalls(limits),
      kontrol: {
        urls: config.kontrolUrls,
        kiteKey: kiteKey?.jwt,
        trust: new KontrolTrust({ verifier, kiteKey, clock, logger }),
        saveKiteKey: options.saveKiteKey,
      },
      proxies: { urls: config.proxyUrls, kontrolUser: kiteKey?.kontrolUser ?? 'kontrol' },
    });
    this.config = config;
    this.#limits = limits;
    this.#clock = clock;
    this.#logger = logger;
    this.#verifier = verifier;
    const prefixes = options.prefixes ?? ['/kite', `/${name}-${identity.version}/kite`];
    this.#prefix = prefixes[0];
    this.#sockjs = new SockJsServer({
      prefixes,
      limits,
      clock,
      cookie: options.sessionCookie ?? false,
      allowOrigin: config.allowOrigin,
      onSession: (channel) => this.accept(channel),
    });
    const { allowOrigin, allowedHosts } = config;
    this.#door = new FrontDoor({ sockjs: this.#sockjs, allowOrigin, allowedHosts, logger });
    addDefaultMethods(this, logger);
    addHeartbeatMethod(this, clock, options.heartbeatFrom);
    addSystemMethods(this, options.systemMethods ?? []);
  }

  /** Where the kite is reached while it listens, such as `http://127.0.0.1:3636/kite`. */
  get url(): string | undefined {
    return this.#url;
  }

  /** The port it listens on. */
  get port(): number | undefined {
    return this.#url === undefined ? undefined : Number(new URL(this.#url).port);
  }

  /** Whether only this machine can connect to its port. False until it listens. */
  get listensAtLoopback(): boolean {
    return this.#listener?.loopback ?? false;
  }

  /**
   * Where others reach it: `url`, with the address of this machine on the way to Kontrol where it listens at all of them.
   * Rejects where it does not listen.
   */
  override async registerUrl(): Promise<string> {
    if (this.#url === undefined) return super.registerUrl();
    const { ip, kontrolUrls } = this.config;
    if (ip !== '0.0.0.0' && ip !== '::') return this.#url;
    const url = new URL(this.#url);
    const address = await outboundAddress(new URL(kontrolUrls[0] ?? this.#url).hostname);
    return origin(url.protocol.slice(0, -1), address, Number(url.port)) + this.#prefix;
  }

  /** How many peers are connected. */
  get connectionCount(): number {
    return this.accepted.size;
  }

  /**
   * Serves `https:` and `wss:`. To be called before `listen`, and again with a new certificate, which connections get from
   * then on. Throws where the key does not belong to the certificate, or where the kite listens without TLS; the old one
   * stays in use then.
   */
  useTls(tls: TlsOptions): this {
    this.#listener?.renewTls(tls);
    this.#tls = tls;
    return this;
  }

  /**
   * Teaches the kite another `authentication.type`: `check` gets the `key` of a call and returns the caller's username,
   * or throws.
   */
  authenticate(type: string, check: (key: string) => string): this {
    this.#verifier.addAuthType(type, check);
    return this;
  }

  /**
   * Answers plain HTTP: `/healthz` is that path alone, `/files/` everything below it. Requests of pages of other origins
   * are refused as they are everywhere else, unless `anyOrigin` says that this path is for everybody.
   */
  handleHttp(path: string, handler: HttpHandler, options: HttpRouteOptions = {}): this {
    this.#door.addRoute(path, handler, options);
    return this;
  }

  /**
   * Others reach this kite under this URL too: requests for its host are answered. What registers a kite, at Kontrol or with
   * a proxy, does so for the URL that it gets.
   */
  override knownAs(url: string): this {
    this.#door.addUrl(url);
    return this;
  }

  /** Answers requests for an upgrade, by the same rules; those of the kite's own paths never come here. */
  handleUpgrade(path: string, handler: UpgradeHandler, options: HttpRouteOptions = {}): this {
    this.#door.addUpgradeRoute(path, handler, options);
    return this;
  }

  /** Has `close` call `work` when it begins, and wait for it as for running calls: at most `drainTimeout`. */
  beforeClose(work: () => Promise<unknown>): this {
    this.#beforeClose.push(work);
    return this;
  }

  /** Opens the port of the configuration and resolves once it accepts. Rejects with what stands in the way. */
  async listen(): Promise<void> {
    if (this.#listener) throw new Error(`${this.identity.name} listens already`);
    const listener = new HttpListener(
      {
        request: (request, response) => {
          if (!this.#door.answer(request, response, listener.loopback)) notFound(response);
        },
        upgrade: (request, socket, head) => {
          if (!this.#door.upgrade(request, socket, head, listener.loopback)) refuseUpgrade(socket, 404, '');
        },
      },
      this.#limits,
      this.#tls,
    );
    this.#listener = listener;
    try {
      const { port } = await listener.listen(this.config.port, this.config.ip);
      this.#url = origin(this.#tls ? 'https' : 'http', this.config.ip, port) + this.#prefix;
    } catch (error) {
      this.#listener = undefined;
      throw error;
    }
  }

  /**
   * Puts the kite on a server that the program already has, beside what it answers. The program opens and closes that
   * server; `close` ends the kite's own connections.
   */
  mount(server: HttpServer): this {
    this.#door.mount(server);
    return this;
  }

  /**
   * Answers a request whose path is one of the kite's. False: it is somebody else's, and nothing was done. Where the server
   * listens at loopback only, `mount` checks more: by which name the request came.
   */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#door.answer(request, response, false);
  }

  /**
   * Ends the kite gracefully: accepts nothing new, refuses new calls, lets running ones finish, says goodbye to every
   * peer, and closes its clients. Resolves when everything is closed; calling it again returns the same promise.
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options.drainTimeout ?? 10_000);
    return this.#closing;
  }

  async #close(drainTimeout: number): Promise<void> {
    this.retireFromKontrol();
    this.#listener?.stopAccepting();
    this.dispatcher.drain();
    const idle = [...this.accepted].map((connection) =>
      connection.flow.whenIdle().then(() => connection.close(3000, 'Go away!')),
    );
    const works = this.#beforeClose.map((work) => work());
    await withDeadline(Promise.allSettled([...idle, ...works]), drainTimeout, this.#clock);
    await this.#sockjs.close();
    this.closeKontrol();
    this.closeClients();
    this.#listener?.closeAll();
    this.#url = undefined;
  }

  /**
   * What a program that is nothing but a kite calls: listens, closes gracefully on SIGINT and SIGTERM, switches debug
   * logging on and off on SIGUSR2. Resolves when the kite has closed; a second signal ends the process at once.
   */
  async run(): Promise<void> {
    await this.listen();
    const toggle = (): void => {
      if (!(this.#logger instanceof StderrLogger)) return;
      this.#logger.toggleDebug();
      this.#logger.info(`logging from level ${this.#logger.level}`);
    };
    process.on('SIGUSR2', toggle);
    const closed = new Promise<void>((resolve) => {
      const stop = (): void => {
        process.off('SIGINT', stop);
        process.off('SIGTERM', stop);
        resolve(this.close());
      };
      process.on('SIGINT', stop);
      process.on('SIGTERM', stop);
    });
    this.#logger.info(`${this.identity.name} ${this.identity.version} listens at ${this.url}`);
    await closed;
    process.off('SIGUSR2', toggle);
  }
}

function makeDialer(limits: Limits, clock: Clock): Dialer {
  return (url, { ca, ...options }) =>
    dial(url, { ...options, limits, clock, tls: ca === undefined ? undefined : { ca } });
}

function origin(scheme: string, ip: string, port: number): string {
  const host = ip === '0.0.0.0' ? '127.0.0.1' : ip === '::' ? '[::1]' : ip.includes(':') ? `[${ip}]` : ip;
  return `${scheme}://${host}:${port}`;
}

async function withDeadline(promise: Promise<unknown>, ms: number, clock: Clock): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = clock.setTimeout(resolve, ms);
    void promise.then(() => {
      timer.cancel();
      resolve();
    });
  });
}
