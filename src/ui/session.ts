import type { Auth } from '../lib/kite/call/client.js';
import { KontrolClient, type KontrolClientOptions } from '../lib/kite/kontrol/kontrol-client.js';
import { KontrolLink } from '../lib/kite/kontrol/kontrol-link.js';
import { readClaims, textClaim } from '../lib/keys/jwt-claims.js';
import { TokenRenewal } from '../lib/kite/call/token-renewal.js';
import type { KiteEvent } from '../lib/kite/kontrol/kite-watch.js';
import { PageKite } from '../lib/kite/page/page-kite.js';
import { KiteError } from '../lib/protocol/errors.js';
import { parseQueryPath } from '../lib/protocol/query.js';
import { systemClock } from '../lib/util/clock.js';
import { type Logger, silentLogger } from '../lib/util/logger.js';

export interface SessionListener {
  /** The connection to Kontrol came or went. */
  connected(connected: boolean): void;
  /** A kite came, changed or went. */
  changed(event: KiteEvent): void;
  /** Kontrol or the network says what is wrong. */
  failed(problem: string): void;
  /** A kite that was called writes to the console of this page. */
  printed(request: { readonly client: unknown }, text: string): void;
}

export interface SessionOptions {
  readonly url: string;
  readonly version: string;
  readonly listener: SessionListener;
}

/** Milliseconds before it expires at which a token is exchanged: time enough for a Kontrol that restarts. */
const RENEW_BEFORE = 5 * 60_000;

/** The kite that this page is. Kites that it has called may write to it, and nothing else. */
function makeKite({ version, listener }: SessionOptions): PageKite {
  const kite = new PageKite('kontrol-page', version, {
    environment: 'page',
    trustRemote: ['log', 'kite.log', 'kite.print'],
    logger: loggerFor(listener),
  });
  for (const name of ['log', 'kite.log', 'kite.print']) {
    kite.handle<unknown[]>(name, ({ args, client }) => {
      listener.printed(
        { client },
        args.map((arg) => (typeof arg === 'string' ? arg : JSON.stringify(arg))).join(' '),
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

/** Signed in: what one user finds at Kontrol, for as long as this page is open. The key, or token, is nowhere but in here. */
export class Session {
  readonly username: string;
  readonly #kite: PageKite;
  readonly #kontrol: KontrolClient;
  #auth: Auth;
  #renewal: TokenRenewal | undefined;

  private constructor(kite: PageKite, username: string, auth: Auth, { url, listener }: SessionOptions) {
    this.username = username;
    this.#kite = kite;
    this.#auth = auth;
    const options: KontrolClientOptions = {
      urls: [url],
      auth: () => this.#auth,
      newClient: (kiteUrl, clientOptions) => kite.newClient(kiteUrl, clientOptions),
      clock: systemClock,
      logger: loggerFor(listener),
    };
    const link = new KontrolLink(options);
    link.on('connect', () => listener.connected(true));
    link.on('disconnect', () => listener.connected(false));
    this.#kontrol = new KontrolClient(options, link);
    if (auth.type === 'token') this.#renewal = this.#renewInTime();
  }

  /** Signs in with a kite key. Rejects with what Kontrol has against it. */
  static async withKey(key: string, options: SessionOptions): Promise<Session> {
    const username = usernameOf(key);
    if (username === undefined) throw new KiteError('argumentError', NO_KITE_KEY);
    return Session.#begin(makeKite(options), username, { type: 'kiteKey', key }, options);
  }

  /** Signs in with the code of a link. */
  static async withCode(code: string, options: SessionOptions): Promise<Session> {
    const kite = makeKite(options);
    try {
      const client = kite.newClient(options.url);
      await client.dial();
      const answer = await client.tell('signIn', { code });
      client.close();
      const { username, token } = (answer ?? {}) as { readonly username?: unknown; readonly token?: unknown };
      if (typeof username !== 'string' || typeof token !== 'string')
        throw new KiteError('invalidResponse', 'Kontrol did not answer with a token');
      return await Session.#begin(kite, username, { type: 'token', key: token }, options);
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
  ): Promise<Session> {
    const session = new Session(kite, username, auth, options);
    try {
      const { listener } = options;
      // A query of nothing asks for all that Kontrol lets this user find.
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

  #renewInTime(): TokenRenewal {
    const renewal: TokenRenewal = new TokenRenewal({
      clock: systemClock,
      // The person sees that Kontrol is away, which is why one cannot be had.
      logger: silentLogger,
      renewBefore: RENEW_BEFORE,
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

  /** A token for Kontrol's own kite, of which the one in use says the path. */
  async #newToken(): Promise<string> {
    const audience = textClaim(readClaims(this.#auth.key), 'aud') ?? '/';
    const found = await this.#kontrol.getKites(parseQueryPath(audience));
    const token = found.find((kite) => kite.token !== '')?.token;
    if (token === undefined) throw new KiteError('invalidResponse', 'Kontrol did not answer with a token');
    return token;
  }
}

const NO_KITE_KEY =
  'This is not a kite key: it has three parts with dots between, as kitectl register puts it in ~/.kite/kite.key';

/** The user whom a kite key names; Kontrol verifies it. Undefined where it is not a kite key. */
function usernameOf(key: string): string | undefined {
  const claims = readClaims(key);
  return textClaim(claims, 'kontrolKey') && textClaim(claims, 'sub');
}
