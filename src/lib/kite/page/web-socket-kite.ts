import { ConfigurationError } from '../../protocol/errors.js';
import { dialWebSocketInPage } from '../../transport/page/dial-web-socket-in-page.js';
import type { AnyMethods } from '../call/method-types.js';
import { BasePageKite } from './base-page-kite.js';
import { composePageKite, type PageParts } from './compose-page-kite.js';
import type { PageClientOptions, PageKiteOptions } from './page-kite-options.js';

/** The transport of a kite that uses WebSockets only. */
export type WebSocketTransport = 'WebSocket' | 'RawWebSocket';

/** Options of a client that uses WebSockets only. */
export interface WebSocketClientOptions extends Omit<PageClientOptions, 'renewToken' | 'transport'> {
  /** Default: that of the kite. */
  readonly transport?: WebSocketTransport;
}

/** Options of a kite in a page that uses WebSockets only. */
export interface WebSocketKiteOptions extends Omit<PageKiteOptions, 'transport'> {
  /** Transport of clients. Default: `WebSocket`. */
  readonly transport?: WebSocketTransport;
}

/**
 * A kite in a page that uses WebSockets only. It has no client of Kontrol, so it calls kites whose URL the program knows, and does
 * not renew tokens.
 *
 * Lifecycle: register methods with `handle`, create clients, then `close`, or leave the page.
 *
 * @example
 *     const kite = new Kite('page', '1.0.0');
 *     const client = kite.newClient('http://localhost:3636/kite');
 *     await client.dialForever();
 *     await client.tell('square', 4); // 16
 */
export class WebSocketKite<Methods = AnyMethods> extends BasePageKite<Methods, WebSocketClientOptions> {
  /** @throws ConfigurationError if a field of the identity is empty or contains "/" */
  constructor(name: string, version: string, options: WebSocketKiteOptions = {}) {
    super(composePageKite(name, version, { transport: 'WebSocket', ...options }, parts));
  }
}

const parts: PageParts = {
  dial(page, url, options) {
    const { transport } = options;
    if (transport === 'WebSocket' || transport === 'RawWebSocket')
      return dialWebSocketInPage(page, url, options);
    return Promise.reject(unsupported(`the transport ${transport}`));
  },
  extendDialer: (dialer) => (url, options) =>
    options.access?.renewToken ? Promise.reject(unsupported('renewToken')) : dialer(url, options),
};

function unsupported(what: string): ConfigurationError {
  const message = `kitectl/browser/core does not support ${what}: use kitectl/browser`;
  return new ConfigurationError('badValue', message);
}
