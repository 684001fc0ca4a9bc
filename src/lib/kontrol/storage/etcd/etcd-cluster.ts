import { setTimeout as pause } from 'node:timers/promises';
import type { Etcd3 } from 'etcd3';
import { isStorageError, StorageError } from '../shared/storage.js';
import { clientOptions, DEFAULT_TIMEOUT, type EtcdConfig, memberUrls } from './etcd-config.js';
import { explain, isPassing, isStaleLogin, nameOf, wasRefused } from './etcd-failures.js';

/** By when a call is to have been answered, as gRPC takes it: milliseconds since 1970, by the machine's own clock. */
export interface Deadline {
  readonly deadline: number;
}

export interface CallOptions {
  /** Milliseconds since 1970, by the machine's clock. Default: the cluster's timeout from now on. */
  readonly until?: number | undefined;
  /** For what must not be done twice: it is not tried again once it may have been done. */
  readonly once?: boolean;
}

/** Tries of one call in which every member gets its turn, where there are several. */
const TURNS = 3;
/** Milliseconds between two rounds: members elect a leader meanwhile. */
const PAUSE = 100;

/**
 * The members of an etcd cluster. Calls go to one of them for as long as it answers, and then to the next; each is answered
 * or rejects in time.
 *
 * Deadlines are counted by the machine's clock, since gRPC knows no other.
 */
export class EtcdCluster {
  readonly urls: readonly string[];
  /** Milliseconds that a call may take. */
  readonly timeout: number;
  readonly #config: EtcdConfig;
  #connect: ((url: string) => Etcd3) | undefined;
  #clients = new Map<string, Etcd3>();
  #preferred = 0;

  constructor(config: EtcdConfig) {
    this.#config = config;
    this.urls = memberUrls(config);
    this.timeout = config.timeout ?? DEFAULT_TIMEOUT;
  }

  /** Prepares for connections; the first call makes the first one. */
  async open(): Promise<void> {
    // Loaded only by whoever keeps things there: it takes a while.
    const { Etcd3 } = await import('etcd3');
    this.#connect = (url) => new Etcd3(clientOptions(this.#config, url));
  }

  close(): void {
    this.#connect = undefined;
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  /** When a call that begins now has to have been answered. */
  until(): number {
    return Date.now() + this.timeout;
  }

  /** A client of its own for a member; who asks for it closes it. Throws a StorageError where the cluster is not open. */
  connect(url: string): Etcd3 {
    if (!this.#connect) throw new StorageError('unavailable', `${nameOf(this.urls)} is not open`);
    return this.#connect(url);
  }

  /** What the first member that answers says. Rejects with a StorageError. */
  call<Result>(
    work: (client: Etcd3, deadline: Deadline) => Promise<Result>,
    options: CallOptions = {},
  ): Promise<Result> {
    return this.turns((url, deadline) => work(this.#client(url), { deadline }), options);
  }

  /** Like `call`, for work that makes its own connection to the member. */
  async turns<Result>(
    work: (url: string, deadline: number) => Promise<Result>,
    { until = this.until(), once = false }: CallOptions = {},
  ): Promise<Result> {
    const failures = new Map<string, unknown>();
    for (let tries = 1; ; tries++) {
      const url = this.#url();
      try {
        return await work(url, once ? until : Math.min(until, Date.now() + this.#turn()));
      } catch (error) {
        if (isStorageError(error)) throw error;
        failures.set(url, error);
        if (!this.#mayGoOn(url, error, once)) throw explain(this.urls, failures);
      }
      if (tries % this.urls.length !== 0) continue;
      const left = until - Date.now();
      // Where nobody listens there is nothing to wait for.
      if (left <= PAUSE || [...failures.values()].every(wasRefused)) throw explain(this.urls, failures);
      await pause(PAUSE);
    }
  }

  /** Milliseconds that one member gets, where others could answer instead. */
  #turn(): number {
    return this.urls.length === 1 ? this.timeout : this.timeout / TURNS;
  }

  /** Whether it may be tried again; the next member is preferred then, unless this one only wants a new login. */
  #mayGoOn(url: string, error: unknown, once: boolean): boolean {
    if (isStaleLogin(error)) {
      this.#clients.get(url)?.close();
      this.#clients.delete(url);
      return true;
    }
    if (!isPassing(error)) return false;
    if (this.#url() === url) this.#preferred = (this.#preferred + 1) % this.urls.length;
    return !once || wasRefused(error);
  }

  #url(): string {
    return this.urls[this.#preferred] ?? '';
  }

  #client(url: string): Etcd3 {
    const known = this.#clients.get(url);
    if (known) return known;
    const client = this.connect(url);
    this.#clients.set(url, client);
    return client;
  }
}
