import { randomInt } from 'node:crypto';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { PLAIN_TEXT, respond } from './respond.js';

/** Responds to a request for the base URL. */
export function respondGreeting(res: ServerResponse, cors: OutgoingHttpHeaders): void {
  respond(res, 200, { 'content-type': PLAIN_TEXT, ...cors }, 'Welcome to SockJS!\n');
}

/** Responds with the information by which a client chooses a transport. */
export function respondInfo(res: ServerResponse, cors: OutgoingHttpHeaders, cookieNeeded: boolean): void {
  const info = {
    websocket: true,
    origins: ['*:*'],
    cookie_needed: cookieNeeded,
    // For old browsers without a good source of randomness.
    entropy: randomInt(2 ** 32),
  };
  respond(res, 200, { 'content-type': 'application/json; charset=UTF-8', ...cors }, JSON.stringify(info));
}
