import { dial } from '../../transport/dial/dial.js';
import { routedFetch } from '../../transport/forward-proxy/routed-fetch.js';
import type { FindProxy } from '../../transport/handshake/forward-proxy.js';
import { isDialError } from '../../transport/handshake/dial-error.js';
import { KiteError, type Transport } from '../../index.js';
import { systemClock } from '../../util/clock.js';
import { defaultLimits } from '../../kite/limits/kite-limits.js';
import { messageOf } from '../../util/message-of.js';
import type { CliError } from '../runtime/cli-error.js';
import { toCliError } from '../frame/failures.js';
import type { LocalKite } from './exposed-kite.js';
import { toHttp, toWebSocket } from '../../util/web-url.js';

/** Timeout for the first connection to the kite, in milliseconds. */
const CONNECT_TIMEOUT = 5000;

/**
 * Returns the address and the transport of the kite at `text`, after connecting to it. Without a transport, detects it: a
 * SockJS server responds at `/info`; everything else is a raw WebSocket, as in `kite.js`. The path of `http://host:port` is
 * `/kite`.
 *
 * @throws CliError if the URL cannot be connected to
 */
export async function findLocalKite(
  text: string,
  transport: Transport | undefined,
  findProxy: FindProxy,
): Promise<LocalKite> {
  const url = new URL(text);
  const hasNoPath = url.pathname === '/' && url.search === '';
  const base =
    hasNoPath && transport !== 'RawWebSocket' && url.protocol.startsWith('http')
      ? new URL('/kite', url)
      : url;
  if (transport !== undefined && transport !== 'auto') {
    const local = { url: base.href, transport };
    await checkReachable(local, text, findProxy);
    return local;
  }
  if (await servesSockJs(base, routedFetch(findProxy))) return { url: base.href, transport: 'auto' };
  const raw = { url: toWebSocket(url.href), transport: 'RawWebSocket' } as const;
  await checkReachable(raw, text, findProxy);
  return raw;
}

/** Whether the URL is served by a SockJS server. Rejects if there is no response in time. */
async function servesSockJs(base: URL, send: typeof fetch): Promise<boolean> {
  const info = new URL(toHttp(base.href));
  info.pathname = `${info.pathname.replace(/\/+$/, '')}/info`;
  try {
    const response = await send(info, { signal: AbortSignal.timeout(CONNECT_TIMEOUT), redirect: 'error' });
    const text = await response.text();
    return response.ok && 'websocket' in (JSON.parse(text) as object);
  } catch (error) {
    // Another response is not SockJS; a refused connection is reported when the raw WebSocket is dialed.
    if (error instanceof SyntaxError || error instanceof TypeError) return false;
    throw unreachable(`Cannot connect to ${base.href}: no response within ${CONNECT_TIMEOUT} ms.`, error);
  }
}

/** Connects once, to report a failure at the start, with the URL that the user passed. */
async function checkReachable(
  { url, transport }: LocalKite,
  passedUrl: string,
  findProxy: FindProxy,
): Promise<void> {
  try {
    const channel = await dial(url, {
      transport,
      handshakeTimeout: CONNECT_TIMEOUT,
      limits: defaultLimits,
      clock: systemClock,
      findProxy,
    });
    channel.close();
  } catch (error) {
    const message = messageOf(error);
    throw unreachable(isDialError(error) ? message.replace(error.url, passedUrl) : message, error);
  }
}

function unreachable(message: string, cause: unknown): CliError {
  const failure = toCliError(new KiteError('disconnect', message, { cause }));
  return failure.with({
    hint: 'Start the kite to expose first, and pass its URL, such as http://localhost:3636/kite',
  });
}
