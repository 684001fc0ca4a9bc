import { hash } from 'node:crypto';
import { credentialsOf } from '../handshake/url-credentials.js';
import { HEAD_BYTES } from '../limits/transport-limits.js';

/*
 * A client's half of the opening handshake of WebSocket (RFC 6455, section 4.1), as text. Node's HTTP client could lead
 * it too, at a price that is more than a third of what all the rest of a connection costs.
 */

/** What the answer to a request to upgrade comes to. */
export type UpgradeAnswer =
  /** A WebSocket begins `length` bytes from here. */
  | { readonly type: 'upgraded'; readonly length: number }
  /** An HTTP answer that is no upgrade. */
  | { readonly type: 'refused'; readonly status: number }
  /** An upgrade that is not the one asked for. */
  | { readonly type: 'wrong'; readonly why: string }
  | { readonly type: 'notHttp' };

/** The request to upgrade. `path` carries the query too; `key` is 16 random bytes, as base64. */
export function upgradeRequest(base: URL, path: string, key: string): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${base.host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${key}`,
  ];
  const credentials = credentialsOf(base);
  if (credentials !== undefined)
    lines.push(`Authorization: Basic ${Buffer.from(credentials).toString('base64')}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Reads what has come since the request was sent, a character a byte. Undefined: the rest of it has to come first. */
export function readUpgradeAnswer(text: string, key: string): UpgradeAnswer | undefined {
  let start = 0;
  for (;;) {
    if (!HTTP.startsWith(text.slice(start, start + HTTP.length))) return NOT_HTTP;
    const end = text.indexOf('\r\n\r\n', start);
    if (end === -1) return text.length - start < HEAD_BYTES ? undefined : NOT_HTTP;
    const head = parseHead(text.slice(start, end));
    if (!head) return NOT_HTTP;
    start = end + 4;
    if (head.status === 101) {
      const why = mistakeIn(head, key);
      return why === undefined ? { type: 'upgraded', length: start } : { type: 'wrong', why };
    }
    // Others below 200 announce that the answer is yet to come.
    if (head.status >= 200) return { type: 'refused', status: head.status };
  }
}

const HTTP = 'HTTP/1.1 ';
const NOT_HTTP = { type: 'notHttp' } as const;

interface Head {
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

const STATUS_LINE = /^HTTP\/1\.1 ([1-9]\d\d)(?: .*)?$/;
const HEADER = /^([\w!#$%&'*+.^`|~-]+):(.*)$/;

function parseHead(text: string): Head | undefined {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const status = STATUS_LINE.exec(statusLine)?.[1];
  if (status === undefined) return undefined;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value = ''] = HEADER.exec(line) ?? [];
    if (name === undefined) return undefined;
    const key = name.toLowerCase();
    const before = headers.get(key);
    headers.set(key, before === undefined ? value.trim() : `${before}, ${value.trim()}`);
  }
  return { status: Number(status), headers };
}

/** What is wrong with the head of an upgrade; undefined when nothing is. */
function mistakeIn({ headers }: Head, key: string): string | undefined {
  if (headers.get('upgrade')?.toLowerCase() !== 'websocket') return 'it upgrades to something else';
  if (!/(?:^|,)\s*upgrade\s*(?:,|$)/i.test(headers.get('connection') ?? ''))
    return 'its Connection header does not say so';
  if (headers.get('sec-websocket-accept') !== acceptOf(key)) return 'it answers another request';
  if (headers.has('sec-websocket-extensions') || headers.has('sec-websocket-protocol'))
    return 'it chose what was not offered';
  return undefined;
}

// What RFC 6455 has a server add to the key.
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** What the server has to answer to `key`. */
export function acceptOf(key: string): string {
  return hash('sha1', key + GUID, 'base64');
}
