import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { guardListeners } from '../../util/guard-listeners.js';
import { toError } from '../../util/message-of.js';
import type { NodeDialOptions } from '../handshake/node-dial-options.js';
import { socketError } from '../handshake/socket-error.js';
import { authorizedHeaders } from '../handshake/url-credentials.js';
import { proxyResponseError, requestError, routeTo } from './request-route.js';

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
      const { headers: ofRoute, ...options } = route.options(url.pathname + url.search);
      const bytes = body === undefined ? undefined : Buffer.from(body);
      const agent = route.newAgent({ ...tls, keepAlive: false });
      const request = route.request({
        ...options,
        method,
        agent,
        signal,
        headers: {
          ...authorizedHeaders(url, headers),
          ...own,
          ...ofRoute,
          ...(bytes && { 'content-length': bytes.length }),
        },
      });
      const fail = (error: unknown): void =>
        reject(
          signal.aborted
            ? toError(signal.reason)
            : socketError(url, requestError(url, route, toError(error))),
        );
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
        response.on('error', guarded(fail));
        response.on('end', onEnd);
      });
      request.on('response', onResponse);
      request.on('error', guarded(fail));
      request.on('close', () => agent.destroy());
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
