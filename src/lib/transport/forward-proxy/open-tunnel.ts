import type { Socket } from 'node:net';
import type { Abortable } from '../../util/abortable.js';
import type { ForwardProxy } from '../handshake/forward-proxy.js';
import { unusableProxyError } from './proxy-error.js';

/**
 * Opens a connection to the server of a URL through a proxy, without TLS to that server. Rejects with a DialError. `signal` has no
 * effect once the tunnel is open.
 */
export async function openTunnel(proxy: ForwardProxy, target: URL, signal: Abortable): Promise<Socket> {
  const opening = new AbortController();
  const onAbort = (): void => opening.abort();
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  try {
    // Loaded on use, because few programs need them.
    const { open } = isSocks(proxy) ? await import('./socks-tunnel.js') : await import('./http-tunnel.js');
    return await open({ proxy, target, signal: opening.signal });
  } catch (error) {
    throw unusableProxyError(proxy, target, error);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Whether a proxy speaks SOCKS, as opposed to HTTP. */
export function isSocks({ url }: ForwardProxy): boolean {
  return url.protocol.startsWith('socks');
}
