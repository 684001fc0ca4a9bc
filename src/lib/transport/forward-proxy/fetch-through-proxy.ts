import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { toError } from '../../util/message-of.js';
import type { FindProxy } from '../handshake/forward-proxy.js';
import { proxyResponseError, requestError, routeTo, startRequest } from './request-route.js';

/** Statuses of responses that cannot have a body. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * Sends a request through the proxy of its URL, like `fetch`, and never follows a redirect. Rejects with a TypeError, as `fetch`
 * does.
 */
export async function fetchThroughProxy(request: Request, findProxy: FindProxy): Promise<Response> {
  try {
    const response = await send(request, findProxy);
    try {
      return toResponse(request, response);
    } catch (error) {
      response.destroy();
      throw error;
    }
  } catch (cause) {
    request.signal.throwIfAborted();
    throw new TypeError('fetch failed', { cause });
  }
}

async function send(request: Request, findProxy: FindProxy): Promise<IncomingMessage> {
  const { method, headers, signal } = request;
  const body = request.body && Buffer.from(await request.arrayBuffer());
  const url = new URL(request.url);
  const route = routeTo(url, findProxy);
  const sent = startRequest(url, route, {
    method,
    signal,
    headers: { ...Object.fromEntries(headers), ...(body && { 'content-length': body.length }) },
  });
  sent.end(body ?? undefined);
  try {
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const error = proxyResponseError(url, route, response);
    if (!error) return response;
    response.destroy();
    throw error;
  } catch (error) {
    throw requestError(url, route, toError(error));
  }
}

/** @throws Error if a redirect is not expected, or if the status is not one of HTTP */
function toResponse({ url, redirect }: Request, response: IncomingMessage): Response {
  const { statusCode: status = 0 } = response;
  if (redirect === 'error' && status >= 300 && status < 400)
    throw new Error(`unexpected redirect by ${new URL(url).origin}`);
  const headers = headersOf(response);
  if (WITHOUT_BODY.has(status)) {
    response.resume();
    return new Response(null, { status, headers });
  }
  const body = Readable.toWeb(response) as ReadableStream<Uint8Array<ArrayBuffer>>;
  return new Response(body, { status, headers });
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let index = 0; index < rawHeaders.length; index += 2)
    headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '');
  return headers;
}
