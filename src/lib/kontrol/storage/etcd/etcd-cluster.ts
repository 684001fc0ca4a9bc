import { setTimeout as pause } from 'node:timers/promises';
import type { Etcd3 } from 'etcd3';
import { systemClock } from '../../../util/clock.js';
import { isStorageError, StorageError } from '../shared/storage.js';
import { clientOptions, ETCD_TIMEOUT, type EtcdConfig, grpcDeadline, memberUrls } from './etcd-config.js';
import { toStorageError, isTransient, isStaleLogin, clusterName, couldNotConnect } from './etcd-failures.js';

/** The deadline of a call, as a call option of gRPC: milliseconds since 1970. */
export interface DeadlineOption {
  readonly deadline: number;
}

export interface EtcdCallOptions {
  /** In milliseconds of the monotonic clock of the system. Default: now plus the cluster's timeout. */
  readonly deadline?: number | undefined;
  /** For calls that are not idempotent: they are not retried once they may have taken effect. Default: false. */
  readonly once?: boolean;
}

/** How often a call tries each member within its timeout, if there are several members. */
const ROUNDS = 3;
/** Milliseconds between two rounds, in which the members can elect a leader. */
const RETRY_DELAY = 100;

/**
 * The members of an etcd cluster. Calls are sent to one member until it fails, and then to the next. Each call resolves or
 * rejects by its deadline.
 *
 * Deadlines are those of the monotonic clock of the system, also if Kontrol uses another clock. gRPC gets what is left of them.
 */
export class EtcdCluster {
  readonly urls: readonly string[];
  /** Timeout of a call, in milliseconds. */
  readonly timeout: number;
  readonly #config: EtcdConfig;
  #connect: ((url: string) => Etcd3) | undefined;
  #clients = new Map<string, Etcd3>();
  #preferred = 0;

  constructor(config: EtcdConfig) {
    this.#config = config;
    this.urls = memberUrls(config);
    this.timeout = config.timeout ?? ETCD_TIMEOUT;
  }

  /** Prepares the cluster for calls. The first call opens the first connection. */
  async open(): Promise<void> {
    // Imported lazily, because loading it takes a while.
    const { Etcd3 } = await import('etcd3');
    this.#connect = (url) => new Etcd3(clientOptions(this.#config, url));
  }

  close(): void {
    this.#connect = undefined;
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  /** Returns the deadline of a call that starts now. */
  newDeadline(): number {
    return systemClock.monotonic() + this.timeout;
  }

  /** Returns a new client for a member, which the caller closes. Throws a StorageError if the cluster is not open. */
  connect(url: string): Etcd3 {
    if (!this.#connect) throw new StorageError('unavailable', `${clusterName(this.urls)} is not open`);
    return this.#connect(url);
  }

  /** Resolves with the result of the first member that responds. Rejects with a StorageError. */
  call<Result>(
    work: (client: Etcd3, deadline: DeadlineOption) => Promise<Result>,
    options: EtcdCallOptions = {},
  ): Promise<Result> {
    return this.tryMembers(
      (url, deadline) =>
        work(this.#client(url), { deadline: grpcDeadline(deadline - systemClock.monotonic()) }),
      options,
    );
  }

  /** Like `call`, for work that opens its own connection to the member. */
  async tryMembers<Result>(
    work: (url: string, deadline: number) => Promise<Result>,
    { deadline = this.newDeadline(), once = false }: EtcdCallOptions = {},
  ): Promise<Result> {
    const failures = new Map<string, unknown>();
    for (let tries = 1; ; tries++) {
      const url = this.#preferredUrl();
      try {
        const memberDeadline = systemClock.monotonic() + this.#memberTimeout();
        return await work(url, once ? deadline : Math.min(deadline, memberDeadline));
      } catch (error) {
        if (isStorageError(error)) throw error;
        failures.set(url, error);
        if (!this.#shouldRetry(url, error, once)) throw toStorageError(this.urls, failures);
      }
      if (tries % this.urls.length !== 0) continue;
      const remaining = deadline - systemClock.monotonic();
      // If no member accepts connections, fail immediately.
      if (remaining <= RETRY_DELAY || [...failures.values()].every(couldNotConnect))
        throw toStorageError(this.urls, failures);
      await pause(RETRY_DELAY);
    }
  }

  /** Timeout for one member, in milliseconds. It is shorter if there are other members to try. */
  #memberTimeout(): number {
    return this.urls.length === 1 ? this.timeout : this.timeout / ROUNDS;
  }

  /** Returns whether to retry the call. Switches to the next member, unless this one only requires a new login. */
  #shouldRetry(url: string, error: unknown, once: boolean): boolean {
    if (isStaleLogin(error)) {
      this.#clients.get(url)?.close();
      this.#clients.delete(url);
      return true;
    }
    if (!isTransient(error)) return false;
    if (this.#preferredUrl() === url) this.#preferred = (this.#preferred + 1) % this.urls.length;
    return !once || couldNotConnect(error);
  }

  #preferredUrl(): string {
    return this.urls[this.#preferred] ?? '';
  }

  #client(url: string): Etcd3 {
    const existing = this.#clients.get(url);
    if (existing) return existing;
    const client = this.connect(url);
    this.#clients.set(url, client);
    return client;
  }
}
