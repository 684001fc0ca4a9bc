import { ConfigurationError, KiteError } from '../../protocol/errors.js';
import { dialInPage } from '../../transport/page/dial-in-page.js';
import type { PagePlatform } from '../../transport/page/page-platform.js';
import type { BackoffOptions } from '../../util/backoff.js';
import { type Clock, systemClock } from '../../util/clock.js';
import { consoleLogger } from '../../util/console-logger.js';
import { connectionLimits, type ConnectionLimits } from '../../util/limits.js';
import type { Logger } from '../../util/logger.js';
import { randomUuid } from '../../util/random.js';
import type { Auth, Dialer, Transport } from '../call/client.js';
import { KiteCore } from '../kite-core.js';
import { addDefaultMethods } from '../serve/default-methods.js';
import { KontrolClient } from '../kontrol/kontrol-client.js';
import type { MethodHandling } from '../serve/method.js';
import type { AnyMethods } from '../call/method-types.js';
import { addPageMethods, type PageOutput } from './page-methods.js';

/** Everything about a page's kite that its program may decide. */
export interface KiteOptions {
  /** Default `unknown`. Kontrol goes by the user of the kite key. */
  readonly username?: string;
  /** Default `unknown`. */
  readonly environment?: string;
  /** Default `unknown`. */
  readonly region?: string;
  /** Default: the host that the page came from. */
  readonly hostname?: string;
  /**
   * Methods that a kite dialled from here may call. Default `true`, all of them: a page only dials, and its methods are
   * there for those that it has dialled. A client may be given fewer.
   */
  readonly trustRemote?: readonly string[] | true;
  /** How clients connect. Default `auto`. */
  readonly transport?: Transport;
  /** Milliseconds a call waits for its answer; 0 = for ever. Default 15,000. */
  readonly timeout?: number;
  /** Milliseconds that a connection may take to come about; 0 = for ever. Default 10,000. */
  readonly handshakeTimeout?: number;
  /** Whether calls of one connection run side by side. Default true. */
  readonly concurrent?: boolean;
  /** Which handler's value is a call's result. Default `ReturnMethod`. */
  readonly methodHandling?: MethodHandling;
  /** What a peer may make this page spend. */
  readonly limits?: Partial<ConnectionLimits>;
  /** Where log lines go. Default: the console. */
  readonly logger?: Logger;
  readonly clock?: Clock;
}

export interface KontrolOptions {
  /** Where Kontrol is; several, the preferred one first. */
  readonly url: string | readonly string[];
  /** With what the page says who it is: `{ type: 'kiteKey', key }`. Kept in memory only. */
  readonly auth: Auth | null;
  /** Waits between the tries to connect again. */
  readonly backoff?: BackoffOptions;
}

export type Page = PagePlatform & PageOutput;

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
export class Kite<Methods = AnyMethods> extends KiteCore<Methods> {
  protected readonly kontrols = new Set<KontrolClient>();

  /**
   * `dialler` may give way to other schemes than those of the web: it gets the page's own way and returns the one to use.
   *
   * @throws ConfigurationError where a part of the identity contains "/"
   */
  constructor(
    name: string,
    version: string,
    options: KiteOptions = {},
    dialler: (own: Dialer) => Dialer = (own) => own,
  ) {
    const page = globalThis as unknown as Page;
    const { clock = systemClock, logger = consoleLogger, username, environment, region } = options;
    const limits = { ...connectionLimits, ...options.limits };
    super({
      name,
      identity: {
        name: checked('name', name),
        username: checked('username', username),
        id: randomUuid(),
        environment: checked('environment', environment),
        region: checked('region', region),
        version: checked('version', version),
        hostname: checked('hostname', options.hostname ?? hostOf(page)),
      },
      limits,
      clock,
      logger,
      authenticator: { verify: refuse },
      methodHandling: options.methodHandling ?? 'ReturnMethod',
      concurrent: options.concurrent ?? true,
      timeout: options.timeout ?? 15_000,
      handshakeTimeout: options.handshakeTimeout ?? 10_000,
      transport: options.transport ?? 'auto',
      trustRemote: options.trustRemote ?? true,
      dialer: dialler(makeDialer(page, limits, clock)),
    });
    addDefaultMethods(this, logger);
    addPageMethods(this, page);
  }

  /**
   * Kontrol, as one user sees it: finds kites, watches them, and gets the tokens to call them, which the clients of what it
   * finds renew. Connects when it is first asked. Closed with this kite, or by its own `close` when the user signs out.
   */
  kontrol({ url, auth, backoff }: KontrolOptions): KontrolClient {
    const kontrol = new KontrolClient({
      ...this.host,
      urls: typeof url === 'string' ? [url] : url,
      auth: () => auth,
      newClient: (found, options) => this.newClient(found, options),
      backoff,
    });
    this.kontrols.add(kontrol);
    return kontrol;
  }

  /** Closes every client. Calls in flight reject with `disconnect`, and new ones of others are refused. */
  close(): Promise<void> {
    this.dispatcher.drain();
    for (const kontrol of this.kontrols) kontrol.close();
    this.closeClients();
    return Promise.resolve();
  }
}

function checked(field: string, value = 'unknown'): string {
  if (value !== '' && !value.includes('/')) return value;
  throw new ConfigurationError(
    'badValue',
    `The kite's ${field} is "${value}"; it must be a text without "/"`,
  );
}

function hostOf({ location }: Page): string {
  return (location && new URL(location.href).hostname) || 'page';
}

function refuse(): never {
  throw new KiteError('authenticationError', 'trustRemote of this page does not name that method');
}

function makeDialer(page: Page, limits: ConnectionLimits, clock: Clock): Dialer {
  return (url, { ca, ...options }) =>
    ca === undefined
      ? dialInPage(page, url, { ...options, limits, clock })
      : Promise.reject(
          new ConfigurationError('badValue', 'A page trusts what its browser trusts: leave out ca'),
        );
}
