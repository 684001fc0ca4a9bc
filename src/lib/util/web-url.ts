/** Returns a URL with the scheme of HTTP instead of that of WebSocket: `http:` for `ws:`, `https:` for `wss:`. */
export function toHttp(url: string): string {
  return url.replace(/^ws/i, 'http');
}

/** Returns a URL with the scheme of WebSocket instead of that of HTTP: `ws:` for `http:`, `wss:` for `https:`. */
export function toWebSocket(url: string): string {
  return url.replace(/^http/i, 'ws');
}
