import { dial } from '../../transport/dial/dial.js';
import { KiteError, type Transport } from '../../index.js';
import { systemClock } from '../../util/clock.js';
import { defaultLimits } from '../../kite/limits/kite-limits.js';
import { messageOf } from '../../util/message-of.js';
import type { CliError } from '../runtime/cli-error.js';
import { toCliError } from '../frame/failures.js';
import type { LocalKite } from './exposed-kite.js';

/** Milliseconds that the kite has to answer at the start. */
const PATIENCE = 5000;

/**
 * The kite at `text`, as it is to be dialled. Where no transport is named, it is found out: a kite that speaks SockJS tells
 * so at `/info`; one that does not is taken for a raw WebSocket, as kites of `kite.js` are. `http://host:port` means
 * `/kite` there.
 *
 * @throws CliError where nothing answers, or what answers is no kite
 */
export async function findLocalKite(text: string, transport: Transport | undefined): Promise<LocalKite> {
  const url = new URL(text);
  const bare = url.pathname === '/' && url.search === '';
  const base =
    bare && transport !== 'RawWebSocket' && url.protocol.startsWith('http') ? new URL('/kite', url) : url;
  if (transport !== undefined && transport !== 'auto') {
    const local = { url: base.href, transport };
    await reach(local);
    return local;
  }
  if (await speaksSockJs(base)) return { url: base.href, transport: 'auto' };
  const raw = { url: url.href.replace(/^http/, 'ws'), transport: 'RawWebSocket' } as const;
  await reach(raw);
  return raw;
}

/** Whether a SockJS server answers. Rejects where nobody does. */
async function speaksSockJs(base: URL): Promise<boolean> {
  const info = new URL(base.href.replace(/^ws/, 'http'));
  info.pathname = `${info.pathname.replace(/\/+$/, '')}/info`;
  try {
    const response = await fetch(info, { signal: AbortSignal.timeout(PATIENCE), redirect: 'error' });
    const text = await response.text();
    return response.ok && 'websocket' in (JSON.parse(text) as object);
  } catch (error) {
    // What is said in another way is not SockJS; that nobody says anything shows when it is dialled.
    if (error instanceof SyntaxError || error instanceof TypeError) return false;
    throw unreachable(`Cannot connect to ${base.href}: no answer within ${PATIENCE} ms.`, error);
  }
}

/** Connects, to see that it can be done. */
async function reach({ url, transport }: LocalKite): Promise<void> {
  try {
    const channel = await dial(url, {
      transport,
      handshakeTimeout: PATIENCE,
      limits: defaultLimits,
      clock: systemClock,
    });
    channel.close();
  } catch (error) {
    throw unreachable(messageOf(error), error);
  }
}

function unreachable(message: string, cause: unknown): CliError {
  const failure = toCliError(new KiteError('disconnect', message, { cause }));
  return failure.with({
    hint: 'Start the kite that is to be exposed first, and name its URL, such as http://localhost:3636/kite',
  });
}
