import { type Transport, TRANSPORT_NAMES } from '../../../src/lib/transport/handshake/transport-names.js';

/** A transport without the fallback of `auto`. */
export type SingleTransport = Exclude<Transport, 'auto'>;

/** Every transport that a program can choose. Tests that apply to each transport use these lists, so that a new one is tested. */
export const ALL_TRANSPORTS: readonly Transport[] = Object.values(TRANSPORT_NAMES);

/** Every transport except `auto`. */
export const SINGLE_TRANSPORTS: readonly SingleTransport[] = ALL_TRANSPORTS.filter((name) => name !== 'auto');

/** The transports over a WebSocket, which are those of the smallest library for pages. */
export const WEB_SOCKET_TRANSPORTS = [
  'WebSocket',
  'RawWebSocket',
] as const satisfies readonly SingleTransport[];

/** The transports that carry SockJS frames. */
export const SOCKJS_TRANSPORTS: readonly SingleTransport[] = SINGLE_TRANSPORTS.filter(
  (name) => name !== 'RawWebSocket',
);
