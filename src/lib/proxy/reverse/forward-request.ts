import type { ClientRequest, IncomingMessage, OutgoingMessage, ServerResponse } from 'node:http';
import type { ProxySession } from '../shared/proxy-table.js';
import { responseHeaders } from './forwarded-headers.js';
import { refusalOf, type RefusalType, refuse } from './proxy-refusal.js';

export interface ForwardRequestOptions {
  readonly session: ProxySession;
  /** Called once when the request has ended, successfully or not. */
  readonly onEnd: () => void;
  readonly onFailure: (type: RefusalType) => void;
}

/** Forwards a request to a kite and its response to the caller. Streams both bodies with backpressure. */
export function forwardRequest(
  request: IncomingMessage,
  response: ServerResponse,
  backend: ClientRequest,
  { session, onEnd, onFailure }: ForwardRequestOptions,
): void {
  let kiteResponse: IncomingMessage | undefined;
  const fail = (error: unknown): void => {
    // The caller has disconnected, or must not treat a partial response as complete.
    if (kiteResponse || response.destroyed) {
      response.destroy();
      return;
    }
    const type = refusalOf(error);
    onFailure(type);
    refuse(response, type);
  };
  backend.on('response', (incoming) => {
    kiteResponse = incoming;
    response.writeHead(incoming.statusCode ?? 502, incoming.statusMessage, responseHeaders(incoming));
    flushHeadersEarly(incoming, response);
    incoming.on('data', (chunk: Buffer) => session.count(0, chunk.length));
    incoming.on('error', fail);
    incoming.pipe(response);
  });
  backend.on('error', fail);
  backend.on('close', () => {
    if (!kiteResponse) fail(undefined);
  });
  request.on('data', (chunk: Buffer) => session.count(chunk.length, 0));
  request.on('error', () => backend.destroy());
  response.on('error', () => backend.destroy());
  response.on('close', () => {
    if (!(kiteResponse?.complete && backend.writableFinished)) backend.destroy();
    onEnd();
  });
  flushHeadersEarly(request, backend);
  request.pipe(backend);
}

/** Sends the headers without waiting for the body, unless the body starts immediately and can be sent with them. */
function flushHeadersEarly(body: IncomingMessage, to: OutgoingMessage): void {
  let started = false;
  const onStart = (): void => {
    started = true;
  };
  body.once('data', onStart);
  body.once('end', onStart);
  setImmediate(() => {
    if (!started && !to.destroyed) to.flushHeaders();
  });
}
