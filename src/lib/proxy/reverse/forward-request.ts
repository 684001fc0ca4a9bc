import type { ClientRequest, IncomingMessage, OutgoingMessage, ServerResponse } from 'node:http';
import type { ProxySession } from '../shared/proxy-table.js';
import { guardListeners } from '../../util/guard-listeners.js';
import { hasValidStatusLine, responseHeaders } from './forwarded-headers.js';
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
  const fail = (error: unknown): void => refuseWith(refusalOf(error));
  const refuseWith = (type: RefusalType): void => {
    // The caller has disconnected, or must not treat a partial response as complete.
    if (kiteResponse || response.destroyed) {
      response.destroy();
      return;
    }
    onFailure(type);
    refuse(response, type);
  };
  const guarded = guardListeners((error) => {
    backend.destroy();
    fail(error);
  });
  const onResponse = guarded((incoming: IncomingMessage) => {
    if (!hasValidStatusLine(incoming, { upgrades: false })) {
      refuseWith('badResponse');
      backend.destroy();
      return;
    }
    kiteResponse = incoming;
    response.writeHead(incoming.statusCode ?? 502, incoming.statusMessage, responseHeaders(incoming));
    flushHeadersEarly(incoming, response);
    const onData = guarded((chunk: Buffer) => session.count(0, chunk.length));
    incoming.on('data', onData);
    incoming.on('error', guarded(fail));
    incoming.pipe(response);
  });
  const onBackendClose = guarded(() => {
    if (!kiteResponse) fail(undefined);
  });
  const onData = guarded((chunk: Buffer) => session.count(chunk.length, 0));
  const onClose = guarded(() => {
    if (!(kiteResponse?.complete && backend.writableFinished)) backend.destroy();
    onEnd();
  });
  backend.on('response', onResponse);
  backend.on('error', guarded(fail));
  backend.on('close', onBackendClose);
  request.on('data', onData);
  request.on('error', () => backend.destroy());
  response.on('error', () => backend.destroy());
  response.on('close', onClose);
  flushHeadersEarly(request, backend);
  request.pipe(backend);
}

/** Sends the headers without waiting for the body, unless the body starts immediately and can be sent with them. */
function flushHeadersEarly(body: IncomingMessage, to: OutgoingMessage): void {
  let started = false;
  const onStart = guardListeners(() => to.destroy())(() => {
    started = true;
  });
  body.once('data', onStart);
  body.once('end', onStart);
  setImmediate(() => {
    if (!started && !to.destroyed) to.flushHeaders();
  });
}
