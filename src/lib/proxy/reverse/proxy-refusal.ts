import type { ProxyRefusalType, StatusOfRefusal } from '../../errors/error-codes.js';
import { STATUS_CODES } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Why a request is not answered by a kite. The type is the label in the metrics, too. */
export type RefusalType = ProxyRefusalType;

const REFUSALS: {
  readonly [Type in RefusalType]: readonly [status: StatusOfRefusal<Type>, message: string];
} = {
  notFound: [404, 'There is no kite with this id behind this proxy'],
  badRequest: [400, 'The request cannot be passed on as it is: its path or its kind of upgrade is refused'],
  loop: [508, 'The request has come through this proxy before: the kite has registered the URL of a proxy'],
  busy: [503, 'The proxy has as many sessions as it takes; try again later'],
  ending: [503, 'The proxy is ending; ask Kontrol where the kite is now'],
  unreachable: [502, 'The kite cannot be reached at the address that it has registered'],
  certificate: [502, 'The certificate of the kite is not one that this proxy trusts'],
  timeout: [504, 'The kite does not answer in time'],
};

function bodyOf(type: RefusalType): string {
  return `${JSON.stringify({ error: { type, message: REFUSALS[type][1] } })}\n`;
}

/** Answers in place of the kite. What has not been read of the request is not waited for. */
export function refuse(response: ServerResponse, type: RefusalType): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  if (!response.req.complete) response.setHeader('connection', 'close');
  response.writeHead(REFUSALS[type][0], { 'content-type': 'application/json; charset=utf-8' });
  response.end(bodyOf(type));
}

/** The same on the socket of a request for an upgrade. */
export function refuseSocket(socket: Duplex, type: RefusalType): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const status = REFUSALS[type][0];
  const body = bodyOf(type);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.once('finish', () => socket.destroy());
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

// What OpenSSL and Node say of certificates that are not good.
const CERTIFICATE = /CERT|SIGNATURE|ISSUER|ALTNAME/;

/** Why a connection to a kite failed. */
export function refusalOf(error: unknown): RefusalType {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  if (code === 'ETIMEDOUT') return 'timeout';
  return typeof code === 'string' && CERTIFICATE.test(code) ? 'certificate' : 'unreachable';
}
