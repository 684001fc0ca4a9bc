import { Kite, KiteError } from '../../../src/lib/index.js';
import { type KeyPair, newKiteKey, newToken } from '../../../src/lib/keys/index.js';
import type { KiteIdentity } from '../../../src/lib/protocol/identity.js';
import { exactQuery, type KiteQuery, queryMatcher } from '../../../src/lib/protocol/query.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { testKeyPair } from '../kite/keys.js';

interface Entry {
  readonly kite: KiteIdentity;
  readonly url: string;
}

export interface GoKontrolOptions {
  /** Default: a free port. */
  readonly port?: number;
  /** Kites that it knows when it starts, as with a store that lasts. Default: none. */
  readonly kites?: readonly Entry[];
}

/**
 * A Kontrol with the methods of the Go implementation, and no others: `register`, `registerMachine`, `getKites`, `getToken` and
 * `getKey`. As there, `getKites` ignores `watchCallback`, responds without `watcherID`, and fails with "no kites found" if no kite
 * matches; there is no `/readyz`. It compares the fields of a query as they are, and needs a username. Unlike there, a kite is forgotten when its connection closes.
 */
export class GoKontrol {
  readonly kite: Kite;
  readonly #kites = new Map<string, Entry>();
  /** Number of calls of `getKites`. */
  queries = 0;
  /** Number of calls of `getToken`. */
  tokens = 0;
  readonly #keyPair: KeyPair;

  private constructor(kite: Kite, keyPair: KeyPair) {
    this.kite = kite;
    this.#keyPair = keyPair;
  }

  static async start({ port = 0, kites = [] }: GoKontrolOptions = {}): Promise<GoKontrol> {
    const keyPair = await testKeyPair(0);
    const kite = new Kite('kontrol', '0.0.1', {
      ip: '127.0.0.1',
      port,
      env: {},
      kiteKey: newKiteKey({ ...OWNER, username: 'kontrol', keyPair, clock: systemClock }),
      allowKiteKeysOf: 'any',
      logger: silentLogger,
    });
    const kontrol = new GoKontrol(kite, keyPair);
    for (const entry of kites) kontrol.#kites.set(entry.kite.id, entry);
    kontrol.#handleMethods();
    await kite.listen();
    return kontrol;
  }

  get url(): string {
    return this.kite.url ?? '';
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** The registered kites. */
  get kites(): readonly Entry[] {
    return [...this.#kites.values()];
  }

  keyOf(username: string): string {
    const keyPair = this.#keyPair;
    return newKiteKey({ ...OWNER, username, kontrolUrl: this.url, keyPair, clock: systemClock });
  }

  close(): Promise<void> {
    return this.kite.close({ drainTimeout: 0 });
  }

  #handleMethods(): void {
    this.kite.handle('register', ({ args: [given], client, kite }) => {
      const { url } = given as { url: string };
      this.#kites.set(kite.id, { kite, url });
      client.once('disconnect', () => this.#kites.delete(kite.id));
      void client
        .call('kite.heartbeat', [10, () => undefined], { callbacks: 'connection' })
        .catch(() => undefined);
      return { url, heartbeatInterval: 10 };
    });
    this.kite
      .handle('registerMachine', () => {
        throw new KiteError('genericError', 'cannot authenticate user: not allowed');
      })
      .disableAuthentication();
    this.kite.handle('getKites', ({ args: [given], username }) => {
      this.queries++;
      const { query } = given as { query: KiteQuery };
      const found = this.#find(query);
      return {
        kites: found.map(({ kite, url }) => ({ kite, url, token: this.#token(username, query, kite) })),
      };
    });
    this.kite.handle('getToken', ({ args: [query], username }) => {
      this.tokens++;
      const [first, ...more] = this.#find(query as KiteQuery);
      if (more.length > 0) throw new KiteError('genericError', 'query matches more than one kite');
      return first && this.#token(username, query as KiteQuery, first.kite);
    });
    this.kite
      .handle('kite.describe', () => {
        throw new KiteError('methodNotFound', 'Method not found: kite.describe');
      })
      .disableAuthentication();
    this.kite.handle('getKey', () => this.#keyPair.publicKey);
  }

  #find(query: KiteQuery): Entry[] {
    // It does not know globs.
    const matches = queryMatcher(exactQuery(query));
    const found = this.kites.filter(({ kite }) => matches(kite));
    if (found.length === 0) throw new KiteError('genericError', 'no kites found');
    return found;
  }

  /** A token is for the fields of the query, up to the name, and not for those of the kite. */
  #token(caller: string, query: KiteQuery, kite: KiteIdentity): string {
    const { username, environment, name } = query.username ? query : kite;
    const audience = [username, environment, name].filter(Boolean).map((field) => `/${field}`);
    return newToken({
      issuer: 'kontrol',
      username: caller,
      audience: audience.join(''),
      privateKey: this.#keyPair.privateKey,
      clock: systemClock,
    });
  }
}

const OWNER = { kontrolUser: 'kontrol', kontrolUrl: 'http://127.0.0.1:4000/kite' };
