import type { Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { guardListener } from '../../util/guard-listeners.js';

/** Starts TLS with the server at the other end of a tunnel. */
export function secureTunnel(tunnel: Socket, options: tls.ConnectionOptions): TLSSocket {
  const socket = tls.connect({ ...options, socket: tunnel });
  // An error of the tunnel is one of the TLS connection as well, which has its own listeners.
  const onError = guardListener(
    () => socket.destroy(),
    () => {},
  );
  tunnel.on('error', onError);
  return socket;
}
