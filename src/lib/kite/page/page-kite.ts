import type { KiteIdentity } from '../../protocol/identity.js';
import type { Channel } from '../../transport/channel/channel.js';
import type { Client, ClientOptions } from '../call/client.js';
import type { ConnectionEvents } from '../call/connection.js';
import type { AnyMethods, MethodArgs, MethodName, MethodResult } from '../call/method-types.js';
import type { Peer } from '../call/peer.js';
import type { KiteCore, KiteEvents } from '../core/kite-core.js';
import { KontrolClient } from '../kontrol/kontrol-client.js';
import type { FinalFunc, Handler, Method } from '../serve/method.js';
import type { HandleOptions, KiteDescription } from '../serve/method-host.js';
import { composePageKite } from './compose-page-kite.js';
import type { PageKiteOptions, PageKontrolOptions } from './page-kite-options.js';

/**
 * A page as a kite: it calls kites, and they call it back, over connections that the page has opened.
 *
 *     const kite = new Kite('page', '1.0.0');
 *     kite.handle('title', () => document.title);
 *     const client = kite.newClient('http://localhost:3636/kite');
 *     await client.dialForever();
 *     await client.tell('square', 4); // 16
 *
 * Lifecycle: methods, then clients, then `close`, or the end of the page.
 */
export class PageKite<Methods = AnyMethods> {
  readonly identity: KiteIdentity;
  readonly #core: KiteCore;
  readonly #kontrols = new Set<KontrolClient>();

  /** @throws ConfigurationError where a part of the identity contains "/" */
  constructor(name: string, version: string, options?: PageKiteOptions);
  /** @internal `core`: of a kite that is composed in another way. */
  constructor(name: string, version: string, options: PageKiteOptions, core: KiteCore);
  constructor(
    name: string,
    version: string,
    options: PageKiteOptions = {},
    core: KiteCore = composePageKite(name, version, options),
  ) {
    this.#core = core;
    this.identity = core.identity;
  }

  /** Calls `listener` at each event. Returns the function that removes it. */
  on<Name extends keyof KiteEvents>(name: Name, listener: (...args: KiteEvents[Name]) => void): () => void {
    return this.#core.on(name, listener);
  }

  /** Calls `listener` at the next event only. Returns the function that removes it. */
  once<Name extends keyof KiteEvents>(name: Name, listener: (...args: KiteEvents[Name]) => void): () => void {
    return this.#core.once(name, listener);
  }

  /**
   * Gives the kite a method. The handler may be async; calls run side by side. A second handler for the same name replaces
   * the first. Returns the method, to chain `throttle(…)` and the like.
   */
  handle<Name extends MethodName<Methods>>(
    name: Name,
    handler: Handler<MethodArgs<Methods, Name>, MethodResult<Methods, Name, unknown>>,
  ): Method;
  handle<Args extends unknown[], Result = unknown>(name: string, handler: Handler<Args, Result>): Method;
  handle<Args extends unknown[], Result = unknown>(
    name: string,
    options: HandleOptions<Args>,
    handler: Handler<Args, Result>,
  ): Method;
  handle(name: string, optionsOrHandler: unknown, maybeHandler?: unknown): Method {
    return this.#core.handle(name, optionsOrHandler, maybeHandler);
  }

  /** What this kite is and which methods it has. */
  describe(): KiteDescription {
    return this.#core.describe();
  }

  /** Runs before every method, after the method's own. */
  preHandle(handler: Handler): this {
    this.#core.chain.pre.push(handler);
    return this;
  }

  /** Runs after every method, after the method's own. */
  postHandle(handler: Handler): this {
    this.#core.chain.post.push(handler);
    return this;
  }

  /** Runs at the end of every call, failed or not, after the method's own. */
  finalFunc(final: FinalFunc): this {
    this.#core.chain.final.push(final);
    return this;
  }

  /** A client of the kite at `url`, not connected yet. Closed with this kite. */
  newClient<Remote = AnyMethods>(url: string, options?: ClientOptions): Client<Remote> {
    return this.#core.newClient<Remote>(url, options);
  }

  /**
   * Takes over a channel that a peer has opened. `username`: whose it is, where the channel itself vouches for that; else
   * the peer authenticates with each call.
   */
  accept(channel: Channel, username?: string): Peer<AnyMethods, ConnectionEvents> {
    return this.#core.accept(channel, username);
  }

  /**
   * Kontrol, as one user sees it: finds kites, watches them, and gets the tokens to call them, which the clients of what it
   * finds renew. Connects when it is first asked. Closed with this kite, or by its own `close` when the user signs out.
   */
  kontrol({ url, auth, backoff }: PageKontrolOptions): KontrolClient {
    const kontrol = new KontrolClient({
      ...this.#core.host,
      urls: typeof url === 'string' ? [url] : url,
      auth: () => auth,
      newClient: (found, options) => this.newClient(found, options),
      backoff,
    });
    this.#kontrols.add(kontrol);
    return kontrol;
  }

  /** Closes every client. Calls in flight reject with `disconnect`, and new ones of others are refused. */
  // oxlint-disable-next-line require-await -- like that of a kite in Node
  async close(): Promise<void> {
    this.#core.drain();
    for (const kontrol of this.#kontrols) kontrol.close();
    this.#core.closeClients();
  }
}
