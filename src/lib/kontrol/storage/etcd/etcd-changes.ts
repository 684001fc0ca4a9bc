import type { IEvent } from 'etcd3';
import type { Clock } from '../../../util/clock.js';
import type { Logger } from '../../../util/logger.js';
import { ChangeListeners } from '../shared/change-listeners.js';
import type { StorageChange } from '../shared/storage.js';
import type { EtcdCluster } from './etcd-cluster.js';
import { aliveOf, idsOf, type KeyLayout, registrationOf } from './key-layout.js';
import { readKeys } from './range-read.js';
import { type Sign, signOf } from './heartbeat-buckets.js';
import { EtcdWatch } from './etcd-watch.js';

export interface EtcdChangesOptions {
  readonly cluster: EtcdCluster;
  readonly layout: KeyLayout;
  /** What this node calls itself. */
  readonly node: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * What changes in etcd, as the listeners of a store hear of it. That a group of kites is alive is told of each of them, as it
 * was registered at that moment.
 *
 * A node is not told that it refreshed kites itself: it knows, and they are many.
 */
export class EtcdChanges {
  readonly #options: EtcdChangesOptions;
  readonly #watch: EtcdWatch;
  readonly #listeners = new ChangeListeners();
  /** What has come and was not told yet. */
  #queue: (readonly IEvent[])[] = [];
  #telling: Promise<void> | undefined;

  constructor(options: EtcdChangesOptions) {
    this.#options = options;
    this.#watch = new EtcdWatch({
      ...options,
      onEvents: (events) => this.#changed(events),
      onResumed: () => this.#listeners.tell({ type: 'reload' }),
    });
  }

  /** Rejects with a StorageError where no member tells of changes. */
  open(until: number): Promise<void> {
    return this.#watch.open(until);
  }

  /** Resolves where changes up to a revision have come. */
  check(revision: number, until: number): Promise<void> {
    return this.#watch.check(revision, until);
  }

  watch(listener: (change: StorageChange) => void): () => void {
    return this.#listeners.add(listener);
  }

  async close(): Promise<void> {
    this.#watch.close();
    this.#listeners.clear();
    this.#queue = [];
    await this.#telling;
  }

  #changed(events: readonly IEvent[]): void {
    if (this.#listeners.empty) return;
    this.#queue.push(events);
    this.#telling ??= this.#tellAll();
  }

  async #tellAll(): Promise<void> {
    try {
      for (let events = this.#queue.shift(); events; events = this.#queue.shift()) await this.#tellOf(events);
    } catch (error) {
      // Watching anew ends with reading everything.
      this.#queue = [];
      this.#watch.interrupt(String(error));
    }
    // In the same breath: what comes from now on starts it again.
    this.#telling = undefined;
  }

  async #tellOf(events: readonly IEvent[]): Promise<void> {
    const { layout } = this.#options;
    let signs = new Map<string, Sign>();
    for (const event of events) {
      const { kind, name } = layout.parse(event.kv.key) ?? { kind: '', name: '' };
      if (kind === 'alive') {
        const sign = this.#signIn(event);
        if (sign) signs.set(name, sign);
        continue;
      }
      if (kind === 'groups' || kind === 'invites') continue;
      // In their order: a kite may be gone by now that was alive then.
      if (signs.size > 0) await this.#tellAlive(signs);
      signs = new Map();
      this.#tellOne(event, kind, name);
    }
    if (signs.size > 0) await this.#tellAlive(signs);
  }

  #tellOne({ type, kv }: IEvent, kind: string, name: string): void {
    if (kind === 'keys' || kind === 'revoked') return this.#listeners.tell({ type: 'keys' });
    if (kind !== 'registrations') return;
    if (type === 'Delete') return this.#listeners.tell({ type: 'delete', id: name });
    const registration = registrationOf(kv);
    if (registration) this.#listeners.tell({ type: 'put', registration });
  }

  /** What another node says of a group. */
  #signIn({ type, kv }: IEvent): Sign | undefined {
    if (type === 'Delete' || aliveOf(kv)?.node === this.#options.node) return undefined;
    return signOf(kv);
  }

  async #tellAlive(signs: ReadonlyMap<string, Sign>): Promise<void> {
    const { cluster, layout } = this.#options;
    const revision = Math.max(...Array.from(signs.values(), (sign) => sign.revision));
    const names = [...signs.keys()];
    const groups = names.map((name) => layout.key('groups', name));
    const lists = await readKeys(cluster, groups, { revision });
    await Promise.all(
      names.map(async (name, at) => {
        const list = lists[at];
        const sign = signs.get(name);
        if (!list || !sign) return;
        const keys = idsOf(list).map((id) => layout.key('registrations', id));
        for (const kv of await readKeys(cluster, keys, { revision })) {
          const registration = kv && registrationOf(kv);
          // One that was put since was told of then.
          if (registration && Number(kv.mod_revision) < sign.revision)
            this.#listeners.tell({
              type: 'put',
              registration: { ...registration, expiresAt: sign.expiresAt },
            });
        }
      }),
    );
  }
}
