import { messageOf } from '../../util/message-of.js';
import { codedError } from '../../protocol/errors.js';
import { Backoff } from '../../util/backoff.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import type { Client } from '../call/client.js';
import { readFoundKite, readKites } from './kontrol-responses.js';
import { record } from '../../util/record.js';
import type { KiteRecord } from './kontrol-responses.js';
import { hasWideToken } from './narrow-tokens.js';
import type { KontrolLink } from './kontrol-link.js';
import type { KontrolQuery } from './kontrol-query.js';
import type { RemoteKite } from './remote-kite.js';

/**
 * A change of a watched kite: it has registered, returned, or changed its URL (`REGISTER`), its connection to Kontrol has dropped
 * (`SILENT`, see `RemoteKite.silentSince`), or it has deregistered (`DEREGISTER`).
 */
export interface KiteEvent {
  readonly action: 'REGISTER' | 'SILENT' | 'DEREGISTER';
  readonly kite: RemoteKite;
}

/** Returns what has happened to a registered kite. Undefined if nothing has that a watch reports. */
export function changeOf(
  before: RemoteKite | undefined,
  { url, silentSince }: RemoteKite,
): 'REGISTER' | 'SILENT' | undefined {
  if (before?.url !== url) return 'REGISTER';
  if ((before.silentSince === undefined) === (silentSince === undefined)) return undefined;
  return silentSince === undefined ? 'REGISTER' : 'SILENT';
}

/** A watch of the kites that match a query. It runs until `cancel`, or until its kite closes. */
export interface KiteWatch {
  /** The matching kites that are registered now. */
  readonly kites: readonly RemoteKite[];
  /** Ends the watch. The listener is not called after that. */
  cancel(): void;
}

export interface ResumingKiteWatchOptions {
  readonly link: KontrolLink;
  readonly asked: KontrolQuery;
  readonly remote: (found: KiteRecord) => RemoteKite;
  readonly listener: (event: KiteEvent) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A watch that survives disconnects: after each reconnect, it reports the changes that it missed. */
export class ResumingKiteWatch implements KiteWatch {
  readonly #options: ResumingKiteWatchOptions;
  readonly #kites = new Map<string, RemoteKite>();
  readonly #backoff = new Backoff();
  #release: (() => void)[] = [];
  #callback: ((change: unknown) => void) | undefined;
  #watcherId: string | undefined;
  #retry: Timer | undefined;
  #canceled = false;

  constructor(options: ResumingKiteWatchOptions) {
    this.#options = options;
  }

  get kites(): readonly RemoteKite[] {
    return [...this.#kites.values()];
  }

  /** Starts the watch. Rejects if Kontrol cannot be reached or rejects the call; the watch has then ended. */
  async start(): Promise<this> {
    const { link } = this.#options;
    await this.#watch(await link.connect(), true);
    this.#release = [link.on('connect', (client) => this.#rewatch(client)), link.stayConnected()];
    // The connection may have been replaced before the response arrived.
    if (link.client && this.#watchedOn !== link.client) this.#rewatch(link.client);
    return this;
  }

  cancel(): void {
    if (this.#canceled) return;
    this.#canceled = true;
    this.#retry?.cancel();
    for (const release of this.#release) release();
    const { client } = this.#options.link;
    if (client && this.#callback) client.forget(this.#callback);
    if (client && this.#watcherId !== undefined) {
      client.tell('cancelWatcher', this.#watcherId).catch(() => undefined);
    }
  }

  #watchedOn: Client | undefined;

  async #watch(client: Client, first: boolean): Promise<void> {
    this.#watchedOn = client;
    // Changes that Kontrol reports before the response arrives.
    let early: unknown[] | undefined = [];
    const callback = (change: unknown): void => {
      if (this.#canceled || this.#watchedOn !== client) return;
      if (early) early.push(change);
      else this.#changed(change);
    };
    const args = this.#options.asked.argsOf({ watchCallback: callback });
    const response = readKites(await this.#query(client, args, callback));
    if (this.#canceled || this.#watchedOn !== client) return;
    if (response.watcherId === undefined) {
      throw codedError('genericError', 'noWatch', 'Kontrol does not support watches');
    }
    this.#callback = callback;
    this.#watcherId = response.watcherId;
    this.#listed(
      response.kites.flatMap((found) => this.#asked(found)),
      first,
    );
    const changes = early;
    early = undefined;
    for (const change of changes) this.#changed(change);
  }

  async #query(client: Client, args: unknown[], callback: (change: unknown) => void): Promise<unknown> {
    try {
      return await client.call<unknown, string>('getKites', args, { callbacks: 'connection' });
    } catch (error) {
      client.forget(callback);
      return this.#options.asked.rethrow(error);
    }
  }

  #rewatch(client: Client): void {
    this.#retry?.cancel();
    this.#watch(client, false).then(
      () => this.#backoff.reset(),
      (error: unknown) => {
        this.#options.logger.warn(`Cannot resume a watch: ${messageOf(error)}`);
        if (this.#canceled || this.#options.link.client !== client) return;
        this.#retry = this.#options.clock.setTimeout(() => {
          if (this.#options.link.client === client) this.#rewatch(client);
        }, this.#backoff.next());
      },
    );
  }

  #listed(kites: readonly KiteRecord[], silently: boolean): void {
    const ids = new Set(kites.map(({ kite }) => kite.id));
    for (const removed of this.kites.filter(({ kite }) => !ids.has(kite.id))) this.#removed(removed);
    for (const found of kites) {
      if (silently) this.#kites.set(found.kite.id, this.#options.remote(found));
      else this.#added(found);
    }
  }

  #changed(change: unknown): void {
    const { error, result } = record(change);
    if (error !== null && error !== undefined) {
      this.#options.logger.warn(`A watch failed: ${JSON.stringify(error)}`);
      return;
    }
    const found = readFoundKite(result);
    const { action } = record(result);
    if (action === 'REGISTER') for (const asked of this.#asked(found)) this.#added(asked);
    const known = this.#kites.get(found.kite.id);
    if (known && action === 'DEREGISTER') this.#removed(known);
    if (known && action === 'UPDATE') this.#updated(known, found);
  }

  /** Returns a kite of Kontrol if it matches the query; without its token if that is for more than a query with globs. */
  #asked(found: KiteRecord): readonly KiteRecord[] {
    const { asked } = this.#options;
    if (!asked.matches(found)) return [];
    return [asked.hasGlobs && hasWideToken(found) ? { ...found, token: '' } : found];
  }

  #added(found: KiteRecord): void {
    const previous = this.#kites.get(found.kite.id);
    const kite = this.#options.remote(found);
    this.#kites.set(found.kite.id, kite);
    const action = changeOf(previous, kite);
    if (action) this.#options.listener({ action, kite });
  }

  /** An update has no token. */
  #updated({ kite, url, token, keyId, registeredAt }: RemoteKite, { silentSince }: KiteRecord): void {
    this.#added({ kite, url, token, keyId, registeredAt, silentSince });
  }

  #removed(kite: RemoteKite): void {
    this.#kites.delete(kite.kite.id);
    this.#options.listener({ action: 'DEREGISTER', kite });
  }
}
