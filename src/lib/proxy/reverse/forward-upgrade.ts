import { type ClientRequest, type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../util/clock.js';
import type { ProxySession } from '../shared/proxy-table.js';
import { responseHeaders } from './forwarded-headers.js';
import { joinSockets } from './join-sockets.js';
import { refusalOf, type RefusalType, refuseSocket } from './proxy-refusal.js';

export interface UpgradeForwarding {
  readonly session: ProxySession;
  readonly clock: Clock;
  /** The session is over, one way or the other. */
  readonly ended: () => void;
  readonly failed: (why: RefusalType) => void;
}

/** Milliseconds after which a connection on which nothing comes is asked whether its other end is still there. */
const KEEP_ALIVE = 30_000;

/**
 * Passes a request for a WebSocket on to a kite. Where the kite agrees, both sockets are joined: messages and close codes
 * pass as they are. Nothing of the caller's reaches the kite before that: it could be another request, which nobody here
 * has looked at.
 */
export function forwardUpgrade(
  caller: Socket,
  head: Buffer,
  backend: ClientRequest,
  { session, clock, ended, failed }: UpgradeForwarding,
): void {
  let settled = false;
  const gone = (): void => {
    backend.destroy();
    ended();
  };
  const fail = (error: unknown): void => {
    if (settled || caller.destroyed) return;
    settled = true;
    const why = refusalOf(error);
    failed(why);
    refuseSocket(caller, why);
  };
  caller.once('close', gone);
  backend.on('upgrade', (answer, kite, kiteHead) => {
    settled = true;
    caller.off('close', gone);
    for (const socket of [caller, kite]) {
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE);
    }
    caller.write(answerHead(answer, ['Connection: Upgrade', 'Upgrade: websocket']), 'latin1');
    session.count(head.length, kiteHead.length);
    if (kiteHead.length > 0) caller.write(kiteHead);
    if (head.length > 0) kite.write(head);
    // Functions from here would keep the whole handshake for as long as the sockets live.
    joinSockets(caller, kite, { clock, count: session.count, ended });
  });
  backend.on('response', (answer) => {
    settled = true;
    answerInstead(answer, caller, session);
  });
  backend.on('error', fail);
  backend.on('close', () => fail(undefined));
  backend.end();
}

/** The kite answers with something else than a WebSocket: the caller gets that, and nothing more on this connection. */
function answerInstead(answer: IncomingMessage, caller: Duplex, session: ProxySession): void {
  caller.write(answerHead(answer, ['Connection: close']), 'latin1');
  answer.on('data', (chunk: Buffer) => session.count(0, chunk.length));
  answer.on('error', () => caller.destroy());
  caller.once('finish', () => caller.destroy());
  answer.pipe(caller);
}

function answerHead(answer: IncomingMessage, connection: readonly string[]): string {
  const { statusCode = 502, statusMessage } = answer;
  const names = responseHeaders(answer);
  const headers = names.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${names[index + 1]}`] : []));
  const status = `HTTP/1.1 ${statusCode} ${statusMessage ?? STATUS_CODES[statusCode] ?? ''}`;
  return `${[status, ...headers, ...connection].join('\r\n')}\r\n\r\n`;
}
