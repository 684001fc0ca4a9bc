import type { Socket } from 'node:net';
import { withoutBrackets } from '../../util/host.js';

/** Formats the remote address of a socket as `127.0.0.1:50412` or `[::1]:50412`. Returns `unknown` if it has disconnected. */
export function formatAddress(socket: Socket): string {
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress === undefined) return 'unknown';
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}

/** Returns the IP address in a remote address: `127.0.0.1` for `127.0.0.1:50412`, `::1` for `[::1]:50412`. */
export function remoteIp(remoteAddress: string): string {
  return withoutBrackets(remoteAddress.replace(/:\d+$/, ''));
}
