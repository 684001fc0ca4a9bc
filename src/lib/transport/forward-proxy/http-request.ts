import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { guardListeners } from '../../util/guard-listeners.js';
import { toError } from '../../util/message-of.js';
import type { NodeDialOptions } from '../handshake/node-dial-options.js';
import { socketError } from '../handshake/socket-error.js';
import { authorizedHeaders } from '../handshake/url-credentials.js';
import { throughProxy } from './proxy-error.js';
import { proxyResponseError, requestError, routeTo, startRequest } from './request-route.js';

/** A plain HTTP request, which is not part of a session. */
export interface PlainRequest {
  readonly method?: string | undefined;
  readonly headers?: OutgoingHttpHeaders | undefined;
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
}

/** A response. The part of `Response` of the Fetch API that this package uses. */
export interface PlainResponse {
  /** Whether the status is from 200 to 299. */
  readonly ok: boolean;
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

export type SendHttp = (url: URL, request: PlainRequest) => Promise<PlainResponse>;

/**
 * Returns a function that sends requests with these options. It does not follow redirects, because requests carry credentials. It
 * rejects with a DialError, or with the reason of the signal. `maxBytes` limits the body of a response.
 */
export function httpSender(
  { tls, headers, findProxy }: Pick<NodeDialOptions, 'tls' | 'headers' | 'findProxy'>,
  maxBytes: number,
): SendHttp {
  return (url, { method = 'GET', headers: own, body, signal }) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const route = routeTo(url, findProxy);
      const bytes = body === undefined ? undefined : Buffer.from(body);
      const request = startRequest(url, route, {
        method,
        signal,
        tls,
        headers: {
          ...authorizedHeaders(url, headers),
          ...own,
          ...(bytes && { 'content-length': bytes.length }),
        },
      });
      const fail = (error: unknown): void => {
        const failure = socketError(url, error);
        const reason = route.proxy ? throughProxy(failure, route.proxy, url) : failure;
        reject(signal.aborted ? toError(signal.reason) : reason);
      };
      const onError = (error: Error): void => fail(requestError(url, route, error));
      const guarded = guardListeners((error) => {
        request.destroy();
        fail(error);
      });
      const onResponse = guarded((response: IncomingMessage) => {
        const ofProxy = proxyResponseError(url, route, response);
        if (ofProxy) throw ofProxy;
        const chunks: Buffer[] = [];
        let length = 0;
        const onData = guarded((chunk: Buffer) => {
          length += chunk.length;
          chunks.push(chunk);
          if (length > maxBytes) throw new Error(`The response is larger than ${maxBytes} bytes`);
        });
        const onEnd = guarded(() => resolve(toResponse(response, Buffer.concat(chunks).toString())));
        response.on('data', onData);
        response.on('error', guarded(onError));
        response.on('end', onEnd);
      });
      request.on('response', onResponse);
      request.on('error', guarded(onError));
      request.end(bytes);
    });
}

function toResponse({ statusCode: status = 0, headers }: IncomingMessage, text: string): PlainResponse {
  return {
    ok: status >= 200 && status < 300,
    status,
    headers: { get: (name) => headers[name.toLowerCase()]?.toString() ?? null },
    text: () => Promise.resolve(text),
  };
}
