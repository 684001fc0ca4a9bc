import { errorText } from '../../../util/message-of.js';
import type { IEvent } from 'etcd3';
import type { Clock } from '../../../util/clock.js';
import type { Logger } from '../../../util/logger.js';
import { ChangeListeners } from '../shared/change-listeners.js';
import { isHeldBy, refreshed } from '../shared/entries.js';
import type { StorageChange } from '../shared/storage.js';
import type { EtcdCluster } from './etcd-cluster.js';
import { parseIds, type KeyLayout, parseRegistration } from './key-layout.js';
import { readKeys } from './range-read.js';
import { type Heartbeat, heartbeatOf } from './heartbeat-buckets.js';
import { EtcdWatch } from './etcd-watch.js';

export interface EtcdChangesOptions {
  readonly cluster: EtcdCluster;
  readonly layout: KeyLayout;
  /** Id of this node. */
  readonly node: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Converts the changes in etcd to changes of a store. A heartbeat of a bucket is reported as one change for each of its kites,
 * with the registration at the revision of the heartbeat.
 *
 * Heartbeats that this node wrote itself are not reported: there are many, and the node already has the new expiry times.
 */
export class EtcdChanges {
  readonly #options: EtcdChangesOptions;
  readonly #watch: EtcdWatch;
  readonly #listeners = new ChangeListeners();
  /** Events that were received and not processed yet. */
  #queue: (readonly IEvent[])[] = [];
  #processing: Promise<void> | undefined;

  constructor(options: EtcdChangesOptions) {
    this.#options = options;
    this.#watch = new EtcdWatch({
      ...options,
      onEvents: (events) => this.#enqueue(events),
      onResumed: () => this.#listeners.notify({ type: 'reload' }),
    });
  }

  /** Starts watching. Rejects with a StorageError if no member accepts a watch. */
  open(deadline: number): Promise<void> {
    return this.#watch.open(deadline);
  }

  /** Resolves once all changes up to a revision have been received. */
  check(revision: number, deadline: number): Promise<void> {
    return this.#watch.check(revision, deadline);
  }

  watch(listener: (change: StorageChange) => void): () => void {
    return this.#listeners.add(listener);
  }

  async close(): Promise<void> {
    this.#watch.close();
    this.#listeners.clear();
    this.#queue = [];
    await this.#processing;
  }

  #enqueue(events: readonly IEvent[]): void {
    if (this.#listeners.isEmpty) return;
    this.#queue.push(events);
    this.#processing ??= this.#processQueue();
  }

  async #processQueue(): Promise<void> {
    try {
      for (let events = this.#queue.shift(); events; events = this.#queue.shift())
        await this.#process(events);
    } catch (error) {
      // The watch resumes, and its listeners then load everything again.
      this.#queue = [];
      this.#watch.interrupt(errorText(error));
    }
    // No `await` since the queue was empty: later events start the processing again.
    this.#processing = undefined;
  }

  async #process(events: readonly IEvent[]): Promise<void> {
    const { layout } = this.#options;
    let heartbeats = new Map<string, Heartbeat>();
    for (const event of events) {
      const { kind, name } = layout.parse(event.kv.key) ?? { kind: '', name: '' };
      if (kind === 'alive') {
        const heartbeat = this.#heartbeatIn(event, name);
        if (heartbeat) heartbeats.set(name, heartbeat);
        continue;
      }
      if (kind === 'groups' || kind === 'invites' || kind === 'credentials') continue;
      // In order: a kite may be deleted after its heartbeat.
      if (heartbeats.size > 0) await this.#notifyHeartbeats(heartbeats);
      heartbeats = new Map();
      this.#notifyChange(event, kind, name);
    }
    if (heartbeats.size > 0) await this.#notifyHeartbeats(heartbeats);
  }

  #notifyChange({ type, kv }: IEvent, kind: string, name: string): void {
    if (kind === 'keys' || kind === 'revoked') return this.#listeners.notify({ type: 'keys' });
    if (kind !== 'registrations') return;
    if (type === 'Delete') return this.#listeners.notify({ type: 'delete', id: name });
    const registration = parseRegistration(kv);
    if (registration) this.#listeners.notify({ type: 'put', registration });
  }

  /** Returns the heartbeat that another node wrote for a bucket. */
  #heartbeatIn({ type, kv }: IEvent, bucket: string): Heartbeat | undefined {
    if (type === 'Delete' || bucket.startsWith(`${this.#options.node}-`)) return undefined;
    return heartbeatOf(kv);
  }

  async #notifyHeartbeats(heartbeats: ReadonlyMap<string, Heartbeat>): Promise<void> {
    const { cluster, layout } = this.#options;
    const revision = Math.max(...Array.from(heartbeats.values(), (heartbeat) => heartbeat.revision));
    const names = [...heartbeats.keys()];
    const buckets = names.map((name) => layout.key('groups', name));
    const idLists = await readKeys(cluster, buckets, { revision });
    await Promise.all(
      names.map(async (name, index) => {
        const idList = idLists[index];
        const heartbeat = heartbeats.get(name);
        if (!idList || !heartbeat) return;
        const keys = parseIds(idList).map((id) => layout.key('registrations', id));
        for (const kv of await readKeys(cluster, keys, { revision })) {
          const registration = kv && parseRegistration(kv);
          // A registration that was put after the heartbeat has been reported by its own event.
          if (!registration || !isHeldBy(registration, heartbeat.node)) continue;
          if (Number(kv.mod_revision) < heartbeat.revision)
            this.#listeners.notify({
              type: 'put',
              registration: refreshed(registration, heartbeat.expiresAt),
            });
        }
      }),
    );
  }
}
