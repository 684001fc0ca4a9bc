import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { OutgoingHttpHeaders } from 'node:http';
import { guardListeners } from '../../util/guard-listeners.js';
import { toError } from '../../util/message-of.js';
import type { Outgoing } from './outgoing.js';
import { dialHost, isSecure } from './session-url.js';
import { socketError } from './socket-error.js';
import { authorizedHeaders } from './url-credentials.js';

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
export function httpSender({ tls, headers }: Outgoing, maxBytes: number): SendHttp {
  return (url, { method = 'GET', headers: own, body, signal }) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const secure = isSecure(url);
      const bytes = body === undefined ? undefined : Buffer.from(body);
      const request = (secure ? https : http).request({
        ...tls,
        method,
        hostname: dialHost(url),
        port: url.port,
        path: url.pathname + url.search,
        agent: false,
        signal,
        headers: {
          ...authorizedHeaders(url, headers),
          ...own,
          ...(bytes && { 'content-length': bytes.length }),
        },
      });
      const fail = (error: unknown): void =>
        reject(signal.aborted ? toError(signal.reason) : socketError(url, error));
      const guarded = guardListeners((error) => {
        request.destroy();
        fail(error);
      });
      const onResponse = guarded((response: IncomingMessage) => {
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
