import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { toError } from '../../util/message-of.js';
import type { FindProxy } from '../handshake/forward-proxy.js';
import { proxyResponseError, requestError, routeTo } from './request-route.js';

/** Statuses of responses that cannot have a body. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** Sends a request through the proxy of its URL, like `fetch`, and never follows a redirect. Rejects with a TypeError, as `fetch` does. */
export async function fetchThroughProxy(request: Request, findProxy: FindProxy): Promise<Response> {
  const body = request.body && Buffer.from(await request.arrayBuffer());
  try {
    const { response, url } = await send(request, body, findProxy);
    const { statusCode: status = 0 } = response;
    if (request.redirect === 'error' && status >= 300 && status < 400) {
      response.destroy();
      throw new Error(`unexpected redirect by ${url.origin}`);
    }
    if (WITHOUT_BODY.has(status)) response.resume();
    const stream = Readable.toWeb(response) as ReadableStream<Uint8Array<ArrayBuffer>>;
    return new Response(WITHOUT_BODY.has(status) ? null : stream, { status, headers: headersOf(response) });
  } catch (cause) {
    request.signal.throwIfAborted();
    throw new TypeError('fetch failed', { cause });
  }
}

async function send(
  { url: text, method, headers, signal }: Request,
  body: Buffer | null,
  findProxy: FindProxy,
): Promise<{ readonly response: IncomingMessage; readonly url: URL }> {
  const url = new URL(text);
  const route = routeTo(url, findProxy);
  const { headers: own, ...options } = route.options(url.pathname + url.search);
  const agent = route.newAgent({ keepAlive: false });
  const sent = route.request({
    ...options,
    method,
    agent,
    signal,
    headers: { ...Object.fromEntries(headers), ...own, ...(body && { 'content-length': body.length }) },
  });
  sent.once('close', () => agent.destroy());
  sent.end(body ?? undefined);
  try {
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const error = proxyResponseError(url, route, response);
    if (!error) return { response, url };
    response.destroy();
    throw error;
  } catch (error) {
    throw requestError(url, route, toError(error));
  }
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let index = 0; index < rawHeaders.length; index += 2)
    headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '');
  return headers;
}
