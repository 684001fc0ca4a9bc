import type { ProxyRefusalType, StatusOfRefusal } from '../../errors/error-codes.js';
import { STATUS_CODES } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorCode } from '../../util/error-code.js';

/** Why the proxy responds to a request instead of the kite. Also the label in the metrics. */
export type RefusalType = ProxyRefusalType;

const REFUSALS: {
  readonly [Type in RefusalType]: readonly [status: StatusOfRefusal<Type>, message: string];
} = {
  notFound: [404, 'No kite with this id is registered with this proxy'],
  wrongHost: [
    421,
    'Behind this proxy, each kite has a host name of its own; query Kontrol for the URL of the kite',
  ],
  badRequest: [
    400,
    'The request cannot be forwarded: its path is invalid, it has several Host headers, or its upgrade is not supported',
  ],
  loop: [
    508,
    'The request has already passed through this proxy: the kite has registered the URL of a proxy',
  ],
  busy: [503, 'The proxy has too many sessions; try again later'],
  ending: [503, 'The proxy is shutting down; query Kontrol for the new URL of the kite'],
  badResponse: [502, 'The response of the kite is not valid HTTP'],
  unreachable: [502, 'The kite cannot be reached at the address that it registered'],
  certificate: [502, 'The proxy does not trust the certificate of the kite'],
  timeout: [504, 'The kite did not respond in time'],
};

function bodyOf(type: RefusalType): string {
  return `${JSON.stringify({ error: { type, message: REFUSALS[type][1] } })}\n`;
}

/** Responds to a request instead of the kite, without waiting for the rest of the request. */
export function refuse(response: ServerResponse, type: RefusalType): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  if (!response.req.complete) response.setHeader('connection', 'close');
  response.writeHead(REFUSALS[type][0], { 'content-type': 'application/json; charset=utf-8' });
  response.end(bodyOf(type));
}

/** Responds to an upgrade instead of the kite. */
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

// Parts of the error codes of OpenSSL and Node for invalid certificates.
const CERTIFICATE = /CERT|SIGNATURE|ISSUER|ALTNAME/;

/** Returns why a connection to a kite failed. */
export function refusalOf(error: unknown): RefusalType {
  const code = errorCode(error);
  if (code === 'ETIMEDOUT') return 'timeout';
  return CERTIFICATE.test(code ?? '') ? 'certificate' : 'unreachable';
}
