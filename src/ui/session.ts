import type { Auth } from '../lib/kite/call/client.js';
import {
  LinkedKontrolClient,
  type LinkedKontrolClientOptions,
} from '../lib/kite/kontrol/linked-kontrol-client.js';
import { KontrolLink } from '../lib/kite/kontrol/kontrol-link.js';
import { readClaims, stringClaim } from '../lib/keys/jwt-claims.js';
import { TokenRenewal } from '../lib/kite/call/token-renewal.js';
import type { KiteEvent } from '../lib/kite/kontrol/kite-watch.js';
import { messageJson } from '../lib/kite/call/message-numbers.js';
import { composePageKite } from '../lib/kite/page/compose-page-kite.js';
import { PageKite, pageParts } from '../lib/kite/page/page-kite.js';
import type { PageKiteOptions } from '../lib/kite/page/page-kite-options.js';
import { KiteError } from '../lib/protocol/errors.js';
import { exactQuery, parseQueryPath } from '../lib/protocol/query.js';
import { systemClock } from '../lib/util/clock.js';
import { stringifyLiterals } from '../lib/util/literal-json.js';
import { plainValue } from '../lib/util/plain-value.js';
import { type Logger, silentLogger } from '../lib/util/logger.js';

export interface SessionListener {
  /** The connection to Kontrol was opened or lost. */
  connected(connected: boolean): void;
  /** A kite has registered, changed or deregistered. */
  changed(event: KiteEvent): void;
  /** Kontrol or the network has failed. */
  failed(problem: string): void;
  /** A kite that was called has printed a line. */
  printed(request: { readonly client: unknown }, text: string): void;
}

export interface SessionOptions {
  readonly url: string;
  readonly version: string;
  readonly listener: SessionListener;
}

/** How long before its expiry a token is renewed, in milliseconds: enough time for a restart of Kontrol. */
const PAGE_RENEW_BEFORE = 5 * 60_000;

const NAME = 'kontrol-page';

/** Creates the kite of this page. Kites that it calls may only print to it. */
function makeKite({ version, listener }: SessionOptions): PageKite {
  const options: PageKiteOptions = {
    environment: 'page',
    trustRemote: ['log', 'kite.log', 'kite.print'],
    logger: loggerFor(listener),
  };
  const core = composePageKite(NAME, version, options, { ...pageParts, json: messageJson('literal') });
  const kite = new PageKite(NAME, version, options, core);
  for (const name of ['log', 'kite.log', 'kite.print']) {
    kite.handle<unknown[]>(name, ({ args, client }) => {
      listener.printed(
        { client },
        args.map((arg) => (typeof arg === 'string' ? arg : stringifyLiterals(plainValue(arg)))).join(' '),
      );
      return null;
    });
  }
  return kite;
}

function loggerFor(listener: SessionListener): Logger {
  return {
    debug: () => {},
    info: () => {},
    warn: (text) => listener.failed(text),
    error: (text) => listener.failed(text),
  };
}

/** The session of a user with Kontrol. The kite key or token is stored only here. */
export class PageSession {
  readonly username: string;
  readonly #kite: PageKite;
  readonly #kontrol: LinkedKontrolClient;
  #auth: Auth;
  #renewal: TokenRenewal | undefined;

  private constructor(kite: PageKite, username: string, auth: Auth, { url, listener }: SessionOptions) {
    this.username = username;
    this.#kite = kite;
    this.#auth = auth;
    const options: LinkedKontrolClientOptions = {
      urls: [url],
      auth: () => this.#auth,
      newClient: (kiteUrl, clientOptions) => kite.newClient(kiteUrl, clientOptions),
      clock: systemClock,
      logger: loggerFor(listener),
    };
    const link = new KontrolLink(options);
    link.on('connect', () => listener.connected(true));
    link.on('disconnect', () => listener.connected(false));
    this.#kontrol = new LinkedKontrolClient(options, link);
    if (auth.type === 'token') this.#renewal = this.#makeRenewal();
  }

  /** Signs in with a kite key. Rejects with the error of Kontrol. */
  static async withKey(key: string, options: SessionOptions): Promise<PageSession> {
    const username = usernameOf(key);
    if (username === undefined) throw new KiteError('argumentError', NO_KITE_KEY);
    return PageSession.#begin(makeKite(options), username, { type: 'kiteKey', key }, options);
  }

  /** Signs in with the code of a sign-in link. */
  static async withCode(code: string, options: SessionOptions): Promise<PageSession> {
    const kite = makeKite(options);
    try {
      const client = kite.newClient(options.url);
      await client.dial();
      const response = await client.tell('signIn', { code });
      client.close();
      const { username, token } = (response ?? {}) as {
        readonly username?: unknown;
        readonly token?: unknown;
      };
      if (typeof username !== 'string' || typeof token !== 'string')
        throw new KiteError('invalidResponse', 'Kontrol did not return a token');
      return await PageSession.#begin(kite, username, { type: 'token', key: token }, options);
    } catch (error) {
      void kite.close();
      throw error;
    }
  }

  static async #begin(
    kite: PageKite,
    username: string,
    auth: Auth,
    options: SessionOptions,
  ): Promise<PageSession> {
    const session = new PageSession(kite, username, auth, options);
    try {
      const { listener } = options;
      // An empty query matches all kites that this user may find.
      const watch = await session.#kontrol.watchKites({}, (event) => listener.changed(event));
      for (const kite of watch.kites) listener.changed({ action: 'REGISTER', kite });
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  /** Forgets the key and closes every connection. */
  close(): void {
    this.#renewal?.stop();
    this.#auth = { type: 'none', key: '' };
    this.#kontrol.close();
    void this.#kite.close();
  }

  #makeRenewal(): TokenRenewal {
    const renewal: TokenRenewal = new TokenRenewal({
      clock: systemClock,
      // Renewal fails only if the connection is lost, which the page already shows.
      logger: silentLogger,
      renewBefore: PAGE_RENEW_BEFORE,
      token: () => this.#auth.key,
      renewToken: () => this.#newToken(),
      expired: () => {},
      renewed: (token) => {
        this.#auth = { type: 'token', key: token };
        this.#kontrol.renewAuth();
        renewal.schedule();
      },
    });
    return renewal;
  }

  /** Gets a token for the kite of Kontrol. The audience of the current token is its path. */
  async #newToken(): Promise<string> {
    const audience = stringClaim(readClaims(this.#auth.key), 'aud') ?? '/';
    const found = await this.#kontrol.getKites(exactQuery(parseQueryPath(audience)));
    const token = found.find((kite) => kite.token !== '')?.token;
    if (token === undefined) throw new KiteError('invalidResponse', 'Kontrol did not return a token');
    return token;
  }
}

const NO_KITE_KEY =
  'This is not a kite key. Use the content of ~/.kite/kite.key, which kitectl register creates';

/** Returns the username in a kite key, which Kontrol verifies. Undefined if it is not a kite key. */
function usernameOf(key: string): string | undefined {
  const claims = readClaims(key);
  return stringClaim(claims, 'kontrolKey') && stringClaim(claims, 'sub');
}
