import { parseJson } from '../../util/parse-json.js';
import { exceedsBytes } from '../../util/utf8.js';
import { type Violation, violation } from '../channel/close-code.js';
import { type HopExtension, supportedAmong } from './hop-extensions.js';

/**
 * The frames of SockJS 0.3. A server sends text that begins with one letter:
 *
 *     o                    the session is open
 *     o["lines"]           the same, for clients that asked for extensions: those that the server supports
 *     h                    heartbeat
 *     a["text","text"]     messages
 *     m"text"              one message (older servers)
 *     c[3000,"Go away!"]   the session has ended
 *
 * A client sends `["text","text"]` or a single `"text"`, without a letter. See `lines.ts` for frames without a letter that contain
 * lines.
 */
export const OPEN_FRAME = 'o';
export const HEARTBEAT_FRAME = 'h';

export type ServerFrame =
  | { readonly type: 'open'; readonly extensions: readonly HopExtension[] }
  | { readonly type: 'heartbeat' }
  | { readonly type: 'messages'; readonly messages: readonly string[] }
  | { readonly type: 'close'; readonly code: number; readonly reason: string }
  | Violation;

export type ClientFrame = { readonly type: 'messages'; readonly messages: readonly string[] } | Violation;

/** Encodes the frame with which a server opens a session whose client has asked for `extensions`. */
export function openFrame(extensions: readonly HopExtension[]): string {
  return extensions.length === 0 ? OPEN_FRAME : `${OPEN_FRAME}["${extensions.join('","')}"]`;
}

/** Encodes the frame with which a server ends a session. */
export function closeFrame(code: number, reason: string): string {
  return `c[${code},${JSON.stringify(reason)}]`;
}

/** Decodes a frame of a client. Never throws: returns a `Violation` if the frame is invalid. */
export function decodeClientFrame(text: string, messageBytes: number): ClientFrame {
  // Clients may send an empty frame as a heartbeat.
  return text === '' ? NO_MESSAGES : decodeMessages(text, messageBytes);
}

/** Decodes a frame of a server. Never throws: returns a `Violation` if the frame is invalid. */
export function decodeServerFrame(text: string, messageBytes: number): ServerFrame {
  switch (text[0]) {
    case 'a':
      return text[1] === '[' ? decodeMessages(text.slice(1), messageBytes) : UNKNOWN_FRAME;
    case 'm':
      return text[1] === '"' ? decodeMessages(text.slice(1), messageBytes) : UNKNOWN_FRAME;
    case 'o':
      return text === OPEN_FRAME ? OPEN : decodeOpen(text.slice(1));
    case 'h':
      return text === 'h' ? HEARTBEAT : UNKNOWN_FRAME;
    case 'c':
      return decodeClose(text.slice(1));
    default:
      return UNKNOWN_FRAME;
  }
}

const OPEN = { type: 'open', extensions: [] } as const;
const HEARTBEAT = { type: 'heartbeat' } as const;
const NO_MESSAGES = { type: 'messages', messages: [] } as const;
const UNKNOWN_FRAME = violation(1002, 'Not a SockJS frame');
const INVALID_JSON = violation(1007, 'Broken JSON encoding.');
const NOT_STRINGS = violation(1002, 'A SockJS frame contains only strings');

function decodeMessages(text: string, messageBytes: number): ClientFrame {
  // Refuses a long frame that is not a list of strings before parsing it, which could take many times its size in memory.
  if (text.length > SCANNED_LENGTH && !isStringList(text)) return NOT_STRINGS;
  const value = parseJson(text);
  if (value === undefined) return INVALID_JSON;
  const messages: unknown[] = Array.isArray(value) ? value : [value];
  for (const message of messages) {
    if (typeof message !== 'string') return NOT_STRINGS;
    if (exceedsBytes(message, messageBytes)) return messageTooLong(messageBytes);
  }
  return { type: 'messages', messages: messages as string[] };
}

/** Returns the violation of a message that exceeds the limit. */
export function messageTooLong(messageBytes: number): Violation {
  return violation(1009, `A message is larger than ${messageBytes} bytes`);
}

function decodeOpen(text: string): ServerFrame {
  const names = parseJson(text);
  return Array.isArray(names) ? { type: 'open', extensions: supportedAmong(names) } : UNKNOWN_FRAME;
}

function decodeClose(text: string): ServerFrame {
  const value = parseJson(text);
  if (value === undefined) return INVALID_JSON;
  if (!Array.isArray(value)) return UNKNOWN_FRAME;
  const [code, reason] = value as unknown[];
  if (!Number.isInteger(code) || typeof reason !== 'string') return UNKNOWN_FRAME;
  return { type: 'close', code: code as number, reason };
}

const SCANNED_LENGTH = 256 * 1024;

/**
 * Whether `text` consists of strings, commas and one pair of brackets. Without this check, `[[[[…` of 48 MiB would be parsed
 * to gigabytes of arrays. Skips from quote to quote; `JSON.parse` checks the details.
 */
function isStringList(text: string): boolean {
  let at = 0;
  for (;;) {
    const quote = text.indexOf('"', at);
    const end = quote === -1 ? text.length : quote;
    // Between two strings there may be a comma and white space.
    if (end - at > MAX_GAP || !GAP.test(text.slice(at, end))) return false;
    if (quote === -1) return true;
    at = stringEnd(text, quote);
    if (at === 0) return false;
  }
}

const MAX_GAP = 64;
const GAP = /^\s*\[?\s*,?\s*\]?\s*$/;

/** Returns the position after the string that starts at `quote`. Returns 0 if the string does not end. */
export function stringEnd(text: string, quote: number): number {
  let close = text.indexOf('"', quote + 1);
  while (close !== -1) {
    let backslashes = 0;
    while (text.charCodeAt(close - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return close + 1;
    close = text.indexOf('"', close + 1);
  }
  return 0;
}
