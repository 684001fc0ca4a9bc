/** The names of `--transport`, and what the library calls them. */
export const transports = {
  auto: 'auto',
  websocket: 'WebSocket',
  raw: 'RawWebSocket',
  xhr: 'XHRPolling',
} as const;

export type TransportName = keyof typeof transports;

export const transportNames = Object.keys(transports) as TransportName[];
