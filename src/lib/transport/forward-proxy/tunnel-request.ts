import type { ForwardProxy } from '../handshake/forward-proxy.js';

/** A tunnel to open. */
export interface TunnelRequest {
  readonly proxy: ForwardProxy;
  /** The URL of the server at the other end. */
  readonly target: URL;
  readonly signal: AbortSignal;
}
