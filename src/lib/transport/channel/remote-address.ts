import type { Socket } from 'node:net';

/** Where the other end of a socket is: `127.0.0.1:50412`, `[::1]:50412`; `unknown` once that cannot be told any more. */
export function formatAddress(socket: Socket): string {
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress === undefined) return 'unknown';
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}

/** The address in `127.0.0.1:50412` or `[::1]:50412`: `127.0.0.1`, `::1`. */
export function addressOfPeer(remoteAddress: string): string {
  return remoteAddress.replace(/:\d+$/, '').replace(/^\[(.*)\]$/s, '$1');
}
