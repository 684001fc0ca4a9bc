import { hash } from 'node:crypto';
import type { RequestHeaders } from '../handshake/node-dial-options.js';
import { authorizedHeaders } from '../handshake/url-credentials.js';
import { RESPONSE_HEADER_BYTES } from '../limits/transport-limits.js';

/*
 * The client's side of the WebSocket handshake (RFC 6455, section 4.1). Node's HTTP client could perform it too, but that
 * would add more than a third to the cost of a connection.
 */

/** The response to an upgrade request. */
export type UpgradeResponse =
  /** The upgrade succeeded. The data of the WebSocket starts after `length` bytes. */
  | { readonly type: 'upgraded'; readonly length: number }
  /** An HTTP response without an upgrade. `location`: the header of a redirect. */
  | { readonly type: 'refused'; readonly status: number; readonly location: string | undefined }
  /** An upgrade that does not match the request. */
  | { readonly type: 'invalid'; readonly reason: string }
  | { readonly type: 'notHttp' };

/** Returns the upgrade request. `path` includes the query; `key` is 16 random bytes in base64; `headers` are additional ones. */
export function upgradeRequest(base: URL, path: string, key: string, headers?: RequestHeaders): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${base.host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${key}`,
  ];
  const own = authorizedHeaders(base, headers);
  if (own) for (const [name, value] of Object.entries(own)) lines.push(`${name}: ${value}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Parses the data received so far, as latin1. Returns undefined if the response is not complete. */
export function parseUpgradeResponse(text: string, key: string): UpgradeResponse | undefined {
  const usual = usualResponse(key);
  if (text.startsWith(usual)) return { type: 'upgraded', length: usual.length };
  let start = 0;
  for (;;) {
    if (!HTTP.startsWith(text.slice(start, start + HTTP.length))) return NOT_HTTP;
    const end = text.indexOf('\r\n\r\n', start);
    if (end === -1) return text.length - start < RESPONSE_HEADER_BYTES ? undefined : NOT_HTTP;
    const head = parseResponseHead(text.slice(start, end));
    if (!head) return NOT_HTTP;
    start = end + 4;
    if (head.status === 101) {
      const reason = findUpgradeError(head, key);
      return reason === undefined ? { type: 'upgraded', length: start } : { type: 'invalid', reason };
    }
    // Other statuses below 200 are informational, and the final response follows.
    if (head.status >= 200)
      return { type: 'refused', status: head.status, location: head.headers.get('location') };
  }
}

/** The response of `ws`, the server of nearly all kites: parsing another one takes longer. */
function usualResponse(key: string): string {
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey(key)}\r\n\r\n`;
}

const HTTP = 'HTTP/1.';
const NOT_HTTP = { type: 'notHttp' } as const;

interface ResponseHead {
  /** The minor version of HTTP. */
  readonly minor: number;
  readonly status: number;
  /** The keys are header names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

// Old proxies respond with HTTP/1.0, which has no upgrades.
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: .*)?$/;
const HEADER_LINE = /^([\w!#$%&'*+.^`|~-]+):(.*)$/;

function parseResponseHead(text: string): ResponseHead | undefined {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const [, minor, status] = STATUS_LINE.exec(statusLine) ?? [];
  if (status === undefined) return undefined;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value = ''] = HEADER_LINE.exec(line) ?? [];
    if (name === undefined) return undefined;
    const key = name.toLowerCase();
    const previous = headers.get(key);
    headers.set(key, previous === undefined ? value.trim() : `${previous}, ${value.trim()}`);
  }
  return { minor: Number(minor), status: Number(status), headers };
}

/** Returns what is wrong with an upgrade response. Returns undefined if it is valid. */
function findUpgradeError({ minor, headers }: ResponseHead, key: string): string | undefined {
  if (minor === 0) return 'it is HTTP/1.0, which has no upgrades';
  if (headers.get('upgrade')?.toLowerCase() !== 'websocket') return 'it upgrades to another protocol';
  if (!/(?:^|,)\s*upgrade\s*(?:,|$)/i.test(headers.get('connection') ?? ''))
    return 'its Connection header is not Upgrade';
  if (headers.get('sec-websocket-accept') !== acceptKey(key))
    return 'its Sec-WebSocket-Accept header does not match the request';
  if (headers.has('sec-websocket-extensions') || headers.has('sec-websocket-protocol'))
    return 'it selects an extension or subprotocol that was not offered';
  return undefined;
}

// The GUID of RFC 6455, section 1.3.
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Returns the Sec-WebSocket-Accept header for a key. */
export function acceptKey(key: string): string {
  return hash('sha1', key + GUID, 'base64');
}
