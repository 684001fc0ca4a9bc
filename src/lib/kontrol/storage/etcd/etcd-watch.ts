import type { Etcd3, IEvent, IWatchResponse } from 'etcd3';
import { Backoff } from '../../../util/backoff.js';
import type { Clock, Timer } from '../../../util/clock.js';
import { guardListeners } from '../../../util/guard-listeners.js';
import type { Logger } from '../../../util/logger.js';
import { errorText, messageOf } from '../../../util/message-of.js';
import { StorageError } from '../shared/storage.js';
import type { EtcdCluster } from './etcd-cluster.js';
import { clusterName } from './etcd-failures.js';
import type { KeyLayout } from './key-layout.js';

export interface EtcdWatchOptions {
  readonly cluster: EtcdCluster;
  readonly layout: KeyLayout;
  /** The system clock, which deadlines of members refer to, even if Kontrol uses another clock. */
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called with changes, in order. */
  readonly onEvents: (events: readonly IEvent[]) => void;
  /** Called when the watch has resumed. Changes since the interruption were not reported. */
  readonly onResumed: () => void;
}

type Stream = Awaited<ReturnType<Etcd3['watchClient']['watch']>>;

/** A stream of changes from one member, on a dedicated connection. */
interface WatchSession {
  readonly client: Etcd3;
  readonly stream: Stream;
  /** The revision up to which changes have been received. */
  revision: number;
  /** Called after each response. */
  readonly progressListeners: Set<() => void>;
  /** Events of a fragmented response that is not complete yet. */
  fragments: IEvent[];
  /** Further responses are ignored. */
  closed: boolean;
}

/** Milliseconds between two progress requests. */
const PROGRESS_INTERVAL = 100;

/**
 * Watches all keys of Kontrol in etcd. A stream that ends, is canceled or makes no progress is replaced, at another member if
 * the first does not respond, with delays that grow up to two seconds. The new stream starts at the current revision, even if
 * etcd still has the history in between: after `onResumed`, the owner loads everything again.
 *
 * Lifecycle: `open`, `check`, `close`.
 */
export class EtcdWatch {
  readonly #options: EtcdWatchOptions;
  readonly #backoff = new Backoff({ initial: 50, max: 2000 });
  #session: WatchSession | undefined;
  #resuming: Promise<void> | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: EtcdWatchOptions) {
    this.#options = options;
  }

  /** Starts watching. Rejects with a StorageError if no member accepts a watch. */
  async open(deadline: number): Promise<void> {
    this.#closed = false;
    await this.#connect(deadline);
  }

  /** Resolves once changes up to this revision have been received. Replaces a stream that does not reach it. */
  async check(revision: number, deadline: number): Promise<void> {
    const session = this.#session;
    if (session) {
      // The other half of the time is for another member.
      const timeout = (deadline - this.#options.clock.monotonic()) / 2;
      if (await this.#reachesRevision(session, revision, timeout)) return;
      this.#replace(session, 'it has fallen behind');
    }
    await this.#withDeadline(deadline, this.#resume(deadline));
  }

  /** Replaces the stream, for an owner that could not process its events. */
  interrupt(reason: string): void {
    if (this.#session) this.#replace(this.#session, reason);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    if (this.#session) this.#end(this.#session);
  }

  async #connect(deadline: number): Promise<void> {
    const session = await this.#options.cluster.tryMembers(
      (url, memberDeadline) => this.#startStream(url, memberDeadline),
      {
        deadline,
      },
    );
    // `close` may have been called meanwhile.
    if (this.#closed) return this.#end(session);
    this.#session = session;
    const guarded = guardListeners((error) => this.#replace(session, messageOf(error)));
    const onEnd = guarded(() => this.#replace(session, 'the member ended it'));
    const onError = guarded((error: Error) => this.#replace(session, messageOf(error)));
    session.stream.on('end', onEnd);
    session.stream.on('error', onError);
  }

  /** Starts a stream at a member. Rejects with the error of gRPC. */
  async #startStream(url: string, deadline: number): Promise<WatchSession> {
    const { cluster, layout, clock } = this.#options;
    const client = cluster.connect(url);
    const timeoutError = new Error('4 DEADLINE_EXCEEDED: the member did not start the watch in time');
    let timer: Timer | undefined;
    try {
      return await new Promise<WatchSession>((resolve, reject) => {
        timer = clock.setTimeout(() => reject(timeoutError), Math.max(0, deadline - clock.monotonic()));
        const onStream = (stream: Stream): void => {
          const session: WatchSession = {
            client,
            stream,
            revision: 0,
            progressListeners: new Set(),
            fragments: [],
            closed: false,
          };
          const guarded = guardListeners((error) => {
            reject(error);
            this.#replace(session, messageOf(error));
          });
          const onEnd = guarded(() => reject(new Error('14 UNAVAILABLE: the member ended the stream')));
          const onData = guarded((response: IWatchResponse) => {
            if (response.created && !response.canceled) resolve(session);
            this.#onResponse(session, response, reject);
          });
          stream.on('error', reject);
          stream.on('end', onEnd);
          stream.on('data', onData);
          const request = { ...layout.all, progress_notify: true, fragment: true };
          stream.write({ create_request: request });
        };
        client.watchClient.watch().then(onStream, reject);
      });
    } catch (error) {
      client.close();
      throw error;
    } finally {
      timer?.cancel();
    }
  }

  #onResponse(session: WatchSession, response: IWatchResponse, reject: (error: Error) => void): void {
    if (session.closed) return;
    if (response.canceled) {
      const reason = response.cancel_reason || `history up to ${response.compact_revision} is compacted`;
      reject(new Error(`9 FAILED_PRECONDITION: ${reason}`));
      this.#replace(session, reason);
      return;
    }
    session.fragments.push(...response.events);
    if (response.fragment) return;
    const events = session.fragments;
    session.fragments = [];
    session.revision = Math.max(session.revision, Number(response.header.revision));
    if (events.length > 0 && !this.#closed) this.#options.onEvents(events);
    for (const listener of session.progressListeners) listener();
  }

  /** Resolves with whether the stream reaches a revision in time. Requests its progress repeatedly. */
  #reachesRevision(session: WatchSession, revision: number, ms: number): Promise<boolean> {
    const { clock } = this.#options;
    const requestProgress = (): void => {
      if (this.#session === session) session.stream.write({ progress_request: {} });
    };
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      const deadline = clock.monotonic() + ms;
      const settle = (reached: boolean): void => {
        timer?.cancel();
        session.progressListeners.delete(onProgress);
        resolve(reached);
      };
      const onProgress = (): void => {
        if (session.revision >= revision) settle(true);
      };
      const poll = (): void => {
        const remaining = deadline - clock.monotonic();
        if (remaining <= 0 || this.#session !== session) return settle(false);
        requestProgress();
        timer = clock.setTimeout(poll, Math.min(PROGRESS_INTERVAL, remaining));
      };
      session.progressListeners.add(onProgress);
      poll();
    });
  }

  /** Rejects at the deadline of this caller. Other callers may wait longer for the same work. */
  #withDeadline(deadline: number, work: Promise<void>): Promise<void> {
    const { clock, cluster } = this.#options;
    const message = `${clusterName(cluster.urls)} no member accepted a watch in time`;
    return new Promise((resolve, reject) => {
      const onTimeout = (): void => reject(new StorageError('unavailable', message));
      const timer = clock.setTimeout(onTimeout, Math.max(0, deadline - clock.monotonic()));
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  /** Starts a new stream and calls `onResumed`. Concurrent calls share one attempt. */
  #resume(deadline: number): Promise<void> {
    if (this.#closed) {
      const message = `${clusterName(this.#options.cluster.urls)} is not open`;
      return Promise.reject(new StorageError('unavailable', message));
    }
    this.#timer?.cancel();
    this.#resuming ??= this.#tryToResume(deadline).finally(() => {
      this.#resuming = undefined;
    });
    return this.#resuming;
  }

  async #tryToResume(deadline: number): Promise<void> {
    try {
      await this.#connect(deadline);
    } catch (error) {
      this.#scheduleResume();
      throw error;
    }
    this.#backoff.reset();
    if (!this.#closed) this.#options.onResumed();
  }

  #replace(session: WatchSession, reason: string): void {
    if (this.#session !== session) return;
    this.#options.logger.debug(`etcd: the watch was interrupted: ${reason}`);
    this.#end(session);
    this.#scheduleResume();
  }

  #end(session: WatchSession): void {
    if (this.#session === session) this.#session = undefined;
    session.closed = true;
    session.stream.cancel();
    session.client.close();
    for (const listener of session.progressListeners) listener();
  }

  #scheduleResume(): void {
    if (this.#closed) return;
    const { clock, cluster, logger } = this.#options;
    this.#timer?.cancel();
    this.#timer = clock.setTimeout(() => {
      this.#resume(cluster.newDeadline()).catch((error: unknown) => logger.debug(errorText(error)));
    }, this.#backoff.next());
  }
}
