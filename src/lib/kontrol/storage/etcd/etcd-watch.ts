import type { Etcd3, IEvent, IWatchResponse } from 'etcd3';
import { Backoff } from '../../../util/backoff.js';
import type { Clock, Timer } from '../../../util/clock.js';
import type { Logger } from '../../../util/logger.js';
import { StorageError } from '../shared/storage.js';
import type { EtcdCluster } from './etcd-cluster.js';
import { nameOf } from './etcd-failures.js';
import type { KeyLayout } from './key-layout.js';

export interface EtcdWatchOptions {
  readonly cluster: EtcdCluster;
  readonly layout: KeyLayout;
  /** The machine's: members answer by it, whatever clock Kontrol goes by. */
  readonly clock: Clock;
  readonly logger: Logger;
  /** What changed, in the order in which it did. */
  readonly onEvents: (events: readonly IEvent[]) => void;
  /** It watches again: what changed meanwhile was not heard. */
  readonly onResumed: () => void;
}

type Stream = Awaited<ReturnType<Etcd3['watchClient']['watch']>>;

/** A stream of changes from one member, on a connection of its own. */
interface Session {
  readonly client: Etcd3;
  readonly stream: Stream;
  /** The revision up to which changes have been heard. */
  revision: number;
  /** Calls whoever waits for the stream to get somewhere. */
  readonly heard: Set<() => void>;
  /** The beginning of what the server sends in pieces. */
  pieces: IEvent[];
  /** Given up: what it still says does not count. */
  over: boolean;
}

/** Milliseconds between two questions how far the stream is. */
const ASK_AGAIN = 100;

/**
 * Watches everything that Kontrol keeps in etcd. A stream that ends, is cancelled or falls silent is replaced, at another
 * member where the first does not answer, with waits that grow up to two seconds. It begins at what is then the present,
 * whether or not etcd still knows the history in between: whoever resumes reads everything again.
 *
 * Lifecycle: `open`, `check`, `close`.
 */
export class EtcdWatch {
  readonly #options: EtcdWatchOptions;
  readonly #backoff = new Backoff({ initial: 50, max: 2000 });
  #session: Session | undefined;
  #resuming: Promise<void> | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: EtcdWatchOptions) {
    this.#options = options;
  }

  /** Rejects with a StorageError where no member can be watched. */
  async open(until: number): Promise<void> {
    this.#closed = false;
    await this.#connect(until);
  }

  /** Resolves where changes up to this revision have been heard. Replaces a stream that does not get there. */
  async check(revision: number, until: number): Promise<void> {
    const session = this.#session;
    if (session) {
      // The other half is for another member.
      const patience = (until - Date.now()) / 2;
      if (await this.#reaches(session, revision, patience)) return;
      this.#lose(session, 'it has fallen behind');
    }
    await this.#inTime(until, this.#resume(until));
  }

  /** Ends the stream as if it had broken, where what came over it could not be followed up. */
  interrupt(reason: string): void {
    if (this.#session) this.#lose(this.#session, reason);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    if (this.#session) this.#end(this.#session);
  }

  async #connect(until: number): Promise<void> {
    const session = await this.#options.cluster.turns((url, deadline) => this.#begin(url, deadline), {
      until,
    });
    // It may have been closed, or have ended, in the meantime.
    if (this.#closed) return this.#end(session);
    this.#session = session;
    session.stream.on('end', () => this.#lose(session, 'the member ended it'));
    session.stream.on('error', (error) => this.#lose(session, error.message));
  }

  /** Begins a stream at a member. Rejects with what gRPC says. */
  async #begin(url: string, deadline: number): Promise<Session> {
    const { cluster, layout, clock } = this.#options;
    const client = cluster.connect(url);
    const silence = new Error('4 DEADLINE_EXCEEDED: the member does not begin to tell of changes');
    let timer: Timer | undefined;
    try {
      return await new Promise<Session>((resolve, reject) => {
        timer = clock.setTimeout(() => reject(silence), Math.max(0, deadline - Date.now()));
        const begin = (stream: Stream): void => {
          const session = {
            client,
            stream,
            revision: 0,
            heard: new Set<() => void>(),
            pieces: [],
            over: false,
          };
          stream.on('error', reject);
          stream.on('end', () => reject(new Error('14 UNAVAILABLE: the member ended the stream')));
          stream.on('data', (response) => {
            if (response.created && !response.canceled) resolve(session);
            this.#hear(session, response, reject);
          });
          const request = { ...layout.all, progress_notify: true, fragment: true };
          stream.write({ create_request: request });
        };
        client.watchClient.watch().then(begin, reject);
      });
    } catch (error) {
      client.close();
      throw error;
    } finally {
      timer?.cancel();
    }
  }

  #hear(session: Session, response: IWatchResponse, reject: (error: Error) => void): void {
    if (session.over) return;
    if (response.canceled) {
      const reason = response.cancel_reason || `history up to ${response.compact_revision} is compacted`;
      reject(new Error(`9 FAILED_PRECONDITION: ${reason}`));
      this.#lose(session, reason);
      return;
    }
    session.pieces.push(...response.events);
    if (response.fragment) return;
    const events = session.pieces;
    session.pieces = [];
    session.revision = Math.max(session.revision, Number(response.header.revision));
    if (events.length > 0 && !this.#closed) this.#options.onEvents(events);
    for (const heard of session.heard) heard();
  }

  /** Whether the stream comes to a revision in time. The member is asked how far it is. */
  #reaches(session: Session, revision: number, ms: number): Promise<boolean> {
    const { clock } = this.#options;
    const ask = (): void => {
      if (this.#session === session) session.stream.write({ progress_request: {} });
    };
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      const until = Date.now() + ms;
      const done = (reached: boolean): void => {
        timer?.cancel();
        session.heard.delete(heard);
        resolve(reached);
      };
      const heard = (): void => {
        if (session.revision >= revision) done(true);
      };
      const again = (): void => {
        const left = until - Date.now();
        if (left <= 0 || this.#session !== session) return done(false);
        ask();
        timer = clock.setTimeout(again, Math.min(ASK_AGAIN, left));
      };
      session.heard.add(heard);
      again();
    });
  }

  /** The work that others wait for too may have more time than this. */
  #inTime(until: number, work: Promise<void>): Promise<void> {
    const { clock, cluster } = this.#options;
    const message = `${nameOf(cluster.urls)} does not tell of changes: no member answers in time`;
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new StorageError('unavailable', message));
      const timer = clock.setTimeout(late, Math.max(0, until - Date.now()));
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  /** Watches again, and says so. Whoever asks for it meanwhile gets the same try. */
  #resume(until: number): Promise<void> {
    if (this.#closed) {
      const message = `${nameOf(this.#options.cluster.urls)} is not open`;
      return Promise.reject(new StorageError('unavailable', message));
    }
    this.#timer?.cancel();
    this.#resuming ??= this.#tryToResume(until).finally(() => {
      this.#resuming = undefined;
    });
    return this.#resuming;
  }

  async #tryToResume(until: number): Promise<void> {
    try {
      await this.#connect(until);
    } catch (error) {
      this.#resumeLater();
      throw error;
    }
    this.#backoff.reset();
    if (!this.#closed) this.#options.onResumed();
  }

  #lose(session: Session, reason: string): void {
    if (this.#session !== session) return;
    this.#options.logger.debug(`etcd: the stream of changes is interrupted: ${reason}`);
    this.#end(session);
    this.#resumeLater();
  }

  #end(session: Session): void {
    if (this.#session === session) this.#session = undefined;
    session.over = true;
    session.stream.cancel();
    session.client.close();
    for (const heard of session.heard) heard();
  }

  #resumeLater(): void {
    if (this.#closed) return;
    const { clock, cluster, logger } = this.#options;
    this.#timer?.cancel();
    this.#timer = clock.setTimeout(() => {
      this.#resume(cluster.until()).catch((error: unknown) => logger.debug(String(error)));
    }, this.#backoff.next());
  }
}
