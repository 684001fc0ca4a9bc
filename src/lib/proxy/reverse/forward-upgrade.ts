import { type ClientRequest, type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { MemoryBudget } from '../../transport/channel/memory-budget.js';
import type { Clock } from '../../util/clock.js';
import type { ProxySession } from '../shared/proxy-table.js';
import { guardListeners, type ListenerGuard } from '../../util/guard-listeners.js';
import { hasValidStatusLine, responseHeaders } from './forwarded-headers.js';
import { joinSockets } from './join-sockets.js';
import { refusalOf, type RefusalType, refuseSocket } from './proxy-refusal.js';

export interface ForwardUpgradeOptions {
  readonly session: ProxySession;
  readonly clock: Clock;
  readonly output: MemoryBudget;
  /** Called once when the session has ended, successfully or not. */
  readonly onEnd: () => void;
  readonly onFailure: (type: RefusalType) => void;
}

/** Milliseconds after which TCP probes an idle connection. */
const KEEP_ALIVE = 30_000;

/**
 * Forwards a WebSocket upgrade to a kite. If the kite accepts it, both sockets are joined, so messages and close codes are
 * forwarded unchanged. Data of the caller is not sent before that, because it could be a second request that the proxy has
 * not validated.
 */
export function forwardUpgrade(
  caller: Socket,
  head: Buffer,
  backend: ClientRequest,
  { session, clock, output, onEnd, onFailure }: ForwardUpgradeOptions,
): void {
  let settled = false;
  const fail = (error: unknown): void => refuseWith(refusalOf(error));
  const refuseWith = (type: RefusalType): void => {
    if (settled || caller.destroyed) return;
    settled = true;
    onFailure(type);
    refuseSocket(caller, type);
  };
  const guarded = guardListeners(() => {
    caller.destroy();
    backend.destroy();
  });
  const onCallerClose = guarded(() => {
    backend.destroy();
    onEnd();
  });
  const onUpgrade = guarded((response: IncomingMessage, kite: Socket, kiteHead: Buffer) => {
    if (!hasValidStatusLine(response, { upgrades: true })) {
      refuseWith('badResponse');
      kite.destroy();
      return;
    }
    settled = true;
    caller.off('close', onCallerClose);
    for (const socket of [caller, kite]) {
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE);
    }
    caller.write(responseHead(response, ['Connection: Upgrade', 'Upgrade: websocket']), 'latin1');
    session.count(head.length, kiteHead.length);
    if (kiteHead.length > 0) caller.write(kiteHead);
    if (head.length > 0) kite.write(head);
    // Closures of this function would keep the handshake in memory until the sockets close.
    joinSockets(caller, kite, { clock, output, count: session.count, onEnd });
  });
  const onResponse = guarded((response: IncomingMessage) => {
    if (!hasValidStatusLine(response, { upgrades: false })) {
      refuseWith('badResponse');
      backend.destroy();
      return;
    }
    settled = true;
    sendResponse(response, caller, guarded, session);
  });
  const onClose = guarded(() => fail(undefined));
  caller.once('close', onCallerClose);
  backend.on('upgrade', onUpgrade);
  backend.on('response', onResponse);
  backend.on('error', guarded(fail));
  backend.on('close', onClose);
  backend.end();
}

/** Sends the response of a kite that did not accept the upgrade, and closes the connection. */
function sendResponse(
  response: IncomingMessage,
  caller: Duplex,
  guarded: ListenerGuard,
  session: ProxySession,
): void {
  caller.write(responseHead(response, ['Connection: close']), 'latin1');
  const onData = guarded((chunk: Buffer) => session.count(0, chunk.length));
  response.on('data', onData);
  response.on('error', () => caller.destroy());
  caller.once('finish', () => caller.destroy());
  response.pipe(caller);
}

function responseHead(response: IncomingMessage, connection: readonly string[]): string {
  const { statusCode = 502, statusMessage } = response;
  const names = responseHeaders(response);
  const headers = names.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${names[index + 1]}`] : []));
  const status = `HTTP/1.1 ${statusCode} ${statusMessage ?? STATUS_CODES[statusCode] ?? ''}`;
  return `${[status, ...headers, ...connection].join('\r\n')}\r\n\r\n`;
}
