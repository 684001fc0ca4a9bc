import type { IncomingMessage, ServerResponse } from 'node:http';
import { respondText } from '../../transport/server/respond.js';
import type { Clock } from '../../util/clock.js';
import { withDeadline } from '../../util/deadline.js';
import { formatDuration } from '../../util/duration.js';
import { errorText, messageOf } from '../../util/message-of.js';
import type { Logger } from '../../util/logger.js';
import { READY_TIMEOUT } from '../limits/kite-limits.js';
import type { HttpHandler } from './http-routes.js';

/** Options of the health routes of a kite. */
export interface HealthOptions {
  /**
   * Whether the kite can serve its callers, such as `() => database.isConnected`. A string is the reason why not, which everybody
   * who can reach the kite may read. If it throws, or takes longer than 5 s, the kite is not ready. Requests that arrive while it
   * runs share its result. Default: the kite is ready until it shuts down.
   */
  readonly ready?: (() => boolean | string | Promise<boolean | string>) | undefined;
  /** What the response of a kite that is ready says in addition, in one line, such as a warning. Everybody may read it. */
  readonly remark?: (() => string | undefined) | undefined;
}

export interface HealthRoutesOptions extends HealthOptions {
  /** Aborts when the kite begins to shut down. */
  readonly closing: AbortSignal;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Returns the routes of plain HTTP by path: `/healthz` is 200 while the process runs, `/readyz` while the kite takes calls.
 *
 * @throws TypeError if the check is not a function
 */
export function healthRoutes(options: HealthRoutesOptions): Readonly<Record<string, HttpHandler>> {
  const { ready } = options;
  if (ready !== undefined && typeof ready !== 'function')
    throw new TypeError('The option ready is not a function');
  const readiness = new Readiness(options);
  return {
    '/healthz': (request, response) => {
      if (allowsGet(request, response)) respondText(response, 200, {}, 'ok\n');
    },
    '/readyz': async (request, response) => {
      if (!allowsGet(request, response)) return;
      const reason = await readiness.problem();
      const remark = reason === undefined ? options.remark?.() : undefined;
      if (reason === undefined) respondText(response, 200, {}, remark ? `ready: ${remark}\n` : 'ready\n');
      else respondText(response, 503, {}, reason === '' ? 'not ready\n' : `not ready: ${reason}\n`);
    },
  };
}

/** Whether a kite is ready. Everybody can ask: requests share one check of the program at a time. */
class Readiness {
  readonly #options: HealthRoutesOptions;
  readonly #closing: Promise<void>;
  #check: Promise<string | undefined> | undefined;

  constructor(options: HealthRoutesOptions) {
    this.#options = options;
    const { closing } = options;
    this.#closing = new Promise((resolve) =>
      closing.addEventListener('abort', () => resolve(), { once: true }),
    );
  }

  /** Returns why the kite is not ready, and undefined if it is. Never rejects. */
  async problem(): Promise<string | undefined> {
    const { clock, ready, closing } = this.#options;
    if (closing.aborted) return SHUTTING_DOWN;
    if (!ready) return undefined;
    this.#check ??= this.#run(ready).finally(() => (this.#check = undefined));
    const work = Promise.race([this.#check, this.#closing]);
    const onTimeout = (): Error => new Error(`the check takes longer than ${formatDuration(READY_TIMEOUT)}`);
    const problem = await withDeadline(work, { clock, ms: READY_TIMEOUT, onTimeout }).catch(messageOf);
    return closing.aborted ? SHUTTING_DOWN : (problem ?? undefined);
  }

  async #run(ready: NonNullable<HealthOptions['ready']>): Promise<string | undefined> {
    try {
      const result = (await ready()) ?? true;
      if (result === true) return undefined;
      return typeof result === 'string' ? result : '';
    } catch (error) {
      // The message may contain secrets, such as the URL of a database.
      this.#options.logger.warn(`The kite is not ready: ${errorText(error)}`);
      return 'the check has failed';
    }
  }
}

const SHUTTING_DOWN = 'shutting down';

export function allowsGet(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return true;
  response.setHeader('allow', 'GET, HEAD');
  respondText(response, 405, {}, 'use GET\n');
  return false;
}
