import type { IncomingMessage, ServerResponse } from 'node:http';
import { respondText } from '../../transport/server/respond.js';
import { errorText } from '../../util/message-of.js';
import type { Logger } from '../../util/logger.js';
import type { HttpHandler } from './http-routes.js';

/** Options of the health routes of a kite. */
export interface HealthOptions {
  /**
   * Whether the kite can serve its callers, such as `() => database.isConnected`. A string is the reason why not, which everybody
   * who can reach the kite may read. If it throws, the kite is not ready. Default: the kite is ready until it shuts down.
   */
  readonly ready?: (() => boolean | string | Promise<boolean | string>) | undefined;
}

export interface HealthRoutesOptions extends HealthOptions {
  /** Whether the kite is shutting down. */
  readonly closing: () => boolean;
  readonly logger: Logger;
}

/** Returns the routes of plain HTTP by path: `/healthz` is 200 while the process runs, `/readyz` while the kite takes calls. */
export function healthRoutes(options: HealthRoutesOptions): Readonly<Record<string, HttpHandler>> {
  return {
    '/healthz': (request, response) => {
      if (allowsGet(request, response)) respondText(response, 200, {}, 'ok\n');
    },
    '/readyz': async (request, response) => {
      if (!allowsGet(request, response)) return;
      const reason = await notReady(options);
      if (reason === undefined) respondText(response, 200, {}, 'ready\n');
      else respondText(response, 503, {}, reason === '' ? 'not ready\n' : `not ready: ${reason}\n`);
    },
  };
}

/** Returns why the kite is not ready, and undefined if it is. */
async function notReady({ ready, closing, logger }: HealthRoutesOptions): Promise<string | undefined> {
  if (closing()) return 'shutting down';
  try {
    const result = (await ready?.()) ?? true;
    if (closing()) return 'shutting down';
    return result === true ? undefined : result || '';
  } catch (error) {
    // The message may contain secrets, such as the URL of a database.
    logger.warn(`The kite is not ready: ${errorText(error)}`);
    return 'the check has failed';
  }
}

export function allowsGet(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return true;
  response.setHeader('allow', 'GET, HEAD');
  respondText(response, 405, {}, 'use GET\n');
  return false;
}
