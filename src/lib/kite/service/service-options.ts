import type { KiteError } from '../../protocol/errors.js';
import type { KiteQuery } from '../../protocol/query.js';
import type { ClientOptions } from '../call/client.js';
import type { Balance } from './balancing.js';
import type { ServiceKite } from './endpoint.js';

/** Which kites belong to a service: a query for Kontrol, as an object or as a path such as `/bob/prod/math/>= 1.2`, or URLs. */
export type ServiceTarget = string | KiteQuery | readonly string[];

/** Options of a service, and of its clients. */
export interface ServiceOptions<Name extends string = string, Options extends ClientOptions = ClientOptions> {
  /**
   * Methods that may run twice with the same effect as once, or `true` for all. A call of one of these is made again at another
   * kite if its connection is lost, and also made there if its kite does not answer. Default: none.
   */
  readonly idempotent?: readonly Name[] | true;
  /**
   * How a kite is chosen: of two at random, the one with fewer pending calls (`leastPending`), or one after the other
   * (`roundRobin`). Default: `leastPending`.
   */
  readonly balance?: Balance;
  /**
   * Maximum number of kites that this service is connected to. Each program chooses other ones, so that all kites get calls.
   * Default: 10.
   */
  readonly connections?: number;
  /** How long a call waits until there is a kite, in milliseconds, and not longer than its timeout. Default: 10,000. */
  readonly wait?: number;
  /** The region whose kites are preferred while one of them is ready. Default: that of this kite. Empty: none is. */
  readonly region?: string;
  /** Options of the clients of the kites, such as `auth` and `timeout`. Kites that Kontrol finds are called with its tokens. */
  readonly client?: Options;
}

/** The events of a service, with the arguments of their listeners: one for each decision. */
export type ServiceEvents = {
  /** A kite was found: by the watch, or in the list of URLs. */
  found: [kite: ServiceKite];
  /**
   * The connection of a kite to Kontrol has dropped, so that it may have ended. If it is connected here, it gets a ping, and no
   * calls while another kite is ready, until it answers. Otherwise other kites are preferred.
   */
  silent: [kite: ServiceKite];
  /** A kite has deregistered. Its calls finish, and it gets no new ones. */
  gone: [kite: ServiceKite];
  /** A kite is dialed: for the first time, or again. */
  connecting: [kite: ServiceKite];
  /** A kite is connected, has answered a ping, and gets calls. */
  ready: [kite: ServiceKite];
  /** A kite is not needed any more, and its connection closes. */
  idle: [kite: ServiceKite];
  /** A kite shuts down and gets no calls. It is dialed again after `delay` milliseconds. */
  draining: [kite: ServiceKite, cause: KiteError, delay: number];
  /** A kite was taken out: it cannot be reached, or does not answer. It is dialed again after `delay` milliseconds. */
  out: [kite: ServiceKite, cause: KiteError, delay: number];
  /**
   * Calls wait for a kite and none is answered, or one has timed out, or the kite is silent (true): it gets a ping, and no calls
   * while another kite is ready. It has answered, or is out (false).
   */
  suspect: [kite: ServiceKite, isSuspect: boolean];
  /** A kite was chosen for a call. */
  pick: [kite: ServiceKite, method: string];
  /** A call waits for a kite. */
  wait: [method: string];
  /** A call has failed, and is made again. */
  retry: [method: string, kite: ServiceKite, error: KiteError];
  /** A call whose kite does not answer is also made at another kite. */
  move: [method: string, kite: ServiceKite];
  /** A call is not made again, because the retry budget is exhausted. */
  exhausted: [method: string, kite: ServiceKite];
  /** A call has failed without an answer of a kite, and is not made again. `error` is what its caller gets. */
  giveUp: [method: string, error: KiteError];
  /** Calls go to kites of other regions (true), or to those of the own region again (false). */
  spill: [isSpilling: boolean];
  /** Kontrol cannot be watched. Another attempt follows after `delay` milliseconds. */
  watchFailed: [error: Error, delay: number];
};

/** What a service has counted since it was created, and its kites. */
export interface ServiceMetrics {
  /**
   * How often each event has happened. `pick` is the number of calls that were made at a kite, with those that were made again.
   */
  readonly events: Readonly<Record<keyof ServiceEvents, number>>;
  /** Calls that wait for a kite now. */
  readonly waiting: number;
  readonly kites: readonly ServiceKite[];
}

/** What one kite has answered. */
export type ServiceAnswer<Result> =
  | { readonly kite: ServiceKite; readonly result: Result; readonly error?: undefined }
  | { readonly kite: ServiceKite; readonly result?: undefined; readonly error: KiteError };
