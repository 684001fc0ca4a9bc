import type { ClientRequest, IncomingMessage, OutgoingMessage, ServerResponse } from 'node:http';
import type { ProxySession } from '../shared/proxy-table.js';
import { responseHeaders } from './forwarded-headers.js';
import { refusalOf, type RefusalType, refuse } from './proxy-refusal.js';

export interface RequestForwarding {
  readonly session: ProxySession;
  /** The session is over, one way or the other. */
  readonly ended: () => void;
  readonly failed: (why: RefusalType) => void;
}

/** Passes a request on to a kite, and its answer back, both as they come and no faster than they are taken. */
export function forwardRequest(
  request: IncomingMessage,
  response: ServerResponse,
  backend: ClientRequest,
  { session, ended, failed }: RequestForwarding,
): void {
  let answer: IncomingMessage | undefined;
  const fail = (error: unknown): void => {
    // The caller has gone by itself, or must not take what has come so far for everything.
    if (answer || response.destroyed) {
      response.destroy();
      return;
    }
    const why = refusalOf(error);
    failed(why);
    refuse(response, why);
  };
  backend.on('response', (incoming) => {
    answer = incoming;
    response.writeHead(incoming.statusCode ?? 502, incoming.statusMessage, responseHeaders(incoming));
    sendHeadersAlone(incoming, response);
    incoming.on('data', (chunk: Buffer) => session.count(0, chunk.length));
    incoming.on('error', fail);
    incoming.pipe(response);
  });
  backend.on('error', fail);
  backend.on('close', () => {
    if (!answer) fail(undefined);
  });
  request.on('data', (chunk: Buffer) => session.count(chunk.length, 0));
  request.on('error', () => backend.destroy());
  response.on('error', () => backend.destroy());
  response.on('close', () => {
    if (!(answer?.complete && backend.writableFinished)) backend.destroy();
    ended();
  });
  sendHeadersAlone(request, backend);
  request.pipe(backend);
}

/** Headers leave with the beginning of the body. Where that takes longer, they do not wait for it. */
function sendHeadersAlone(body: IncomingMessage, to: OutgoingMessage): void {
  let begun = false;
  const begin = (): void => {
    begun = true;
  };
  body.once('data', begin);
  body.once('end', begin);
  setImmediate(() => {
    if (!begun && !to.destroyed) to.flushHeaders();
  });
}
