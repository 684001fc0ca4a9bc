import type { ReceivedBytes } from './attached-bytes.js';
import type { CloseCode } from '../errors/error-codes.js';
import { BrandedError, kindOf } from '../errors/branded-error.js';
import { type DnodeLimits, PARSED_BRACKETS } from './dnode-limits.js';
import { parseJson } from '../util/parse-json.js';
import { jsonObject } from '../util/record.js';
import { exceedsBytes } from '../util/utf8.js';

/** A dnode message: `{method, arguments, callbacks}`. The field `links` is ignored. */
export interface DnodeMessage {
  /** The name of an exported method, or the number of a callback of the receiver. */
  readonly method: string | number;
  readonly args: unknown[];
  /** The paths of the functions in `args`. Undefined if there are none. */
  readonly callbacks: readonly CallbackPath[] | undefined;
  /** Whether the arguments contain tagged values. */
  readonly tagged?: true;
  /** The bytes that the message has carried beside its JSON. */
  readonly bytes?: ReceivedBytes;
  /** The number of the function of the sender that has to be called with the answer, if this is a call of a callback. */
  readonly answer?: number;
  /** The extensions that the sender names in such a request, unchecked. */
  readonly extensions?: unknown;
  /** The reason for which the arguments cannot be used. */
  readonly problem?: Error;
}

/** A function in the arguments of a message. */
export interface CallbackPath {
  /** The number of the function at the sender. */
  readonly number: number;
  readonly path: readonly unknown[];
}

export interface MessageLimits extends Pick<DnodeLimits, 'messageDepth' | 'callbacksPerMessage'> {
  /** The limit of the channel. */
  readonly messageBytes: number;
}

/** A violation of the protocol or of a limit by a peer. `code` is the WebSocket close code. */
export class ProtocolViolation extends BrandedError {
  readonly code: CloseCode;

  constructor(code: CloseCode, message: string) {
    super('ProtocolViolation', message);
    this.code = code;
  }
}

export function isProtocolViolation(error: unknown): error is ProtocolViolation {
  return kindOf(error) === 'ProtocolViolation';
}

const PROTOCOL_ERROR = 1002;
const POLICY_VIOLATION = 1008;
const TOO_BIG = 1009;

/**
 * Parses a message. `parse` parses its JSON. Default: `JSON.parse`.
 *
 * @throws ProtocolViolation if the message is invalid or exceeds a limit
 */
export function parseMessage(
  text: string,
  limits: MessageLimits,
  parse: (text: string) => unknown = JSON.parse,
): DnodeMessage {
  if (exceedsBytes(text, limits.messageBytes)) {
    throw new ProtocolViolation(TOO_BIG, `A message is larger than ${limits.messageBytes} bytes`);
  }
  const object = parseObject(text, limits.messageDepth, parse);
  const { method, arguments: args = null, callbacks, values } = object;
  if (!isMethod(method)) {
    throw new ProtocolViolation(PROTOCOL_ERROR, 'The message has no method');
  }
  if (args !== null && !Array.isArray(args)) {
    throw new ProtocolViolation(PROTOCOL_ERROR, 'The message has no valid arguments');
  }
  const paths = parseCallbacks(callbacks, limits.callbacksPerMessage);
  const message = { method, args: args ?? [], callbacks: paths };
  const answer = typeof method === 'number' ? object['answer'] : undefined;
  if (values !== true && answer === undefined) return message;
  return {
    ...message,
    ...(values === true && { tagged: true }),
    ...(isFunctionNumber(answer) && { answer, extensions: object['extensions'] }),
  };
}

function parseObject(
  text: string,
  maxDepth: number,
  parse: (text: string) => unknown,
): Readonly<Record<string, unknown>> {
  // A message with many brackets is checked before it is parsed, which could take many times its size in memory. Otherwise,
  // checking the parsed value takes less time, and a message with few brackets cannot nest deeper.
  const brackets = countOpeningBrackets(text, PARSED_BRACKETS);
  const scanned = parse !== JSON.parse || brackets > PARSED_BRACKETS;
  if (scanned && exceedsDepth(text, maxDepth)) throw nestsTooDeep(maxDepth);
  let value: unknown;
  try {
    value = parse(text);
  } catch {
    if (!scanned && exceedsDepth(text, maxDepth)) throw nestsTooDeep(maxDepth);
    throw new ProtocolViolation(PROTOCOL_ERROR, 'The message is not valid JSON');
  }
  if (!scanned && brackets > maxDepth && nestsDeeper(value, maxDepth)) throw nestsTooDeep(maxDepth);
  const message = jsonObject(value);
  if (!message) throw new ProtocolViolation(PROTOCOL_ERROR, 'The message is not an object');
  return message;
}

/** Parses a value of a message; see `ParseData`. Numbers are rounded. */
export function parseData(json: string, levels: number, { messageDepth }: MessageLimits): unknown {
  const depth = messageDepth - levels;
  // Each level has an opening and a closing bracket.
  const mayBeDeep = json.length >= 2 * (depth + 1);
  const brackets = mayBeDeep ? countOpeningBrackets(json, PARSED_BRACKETS) : 0;
  if (depth < 0 || brackets > PARSED_BRACKETS) return undefined;
  const value = parseJson(json);
  return brackets > depth && nestsDeeper(value, depth) ? undefined : value;
}

function nestsTooDeep(maxDepth: number): ProtocolViolation {
  return new ProtocolViolation(POLICY_VIOLATION, `A message nests deeper than ${maxDepth}`);
}

/** Whether a value of JSON has more than `depth` levels. */
function nestsDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === 0) return true;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) if (nestsDeeper(value[index], depth - 1)) return true;
    return false;
  }
  for (const key in value) {
    const item = (value as Record<string, unknown>)[key];
    if (typeof item === 'object' && nestsDeeper(item, depth - 1)) return true;
  }
  return false;
}

function isMethod(method: unknown): method is string | number {
  return typeof method === 'string' || isFunctionNumber(method);
}

function isFunctionNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function parseCallbacks(callbacks: unknown, limit: number): CallbackPath[] | undefined {
  // Some peers encode an empty table as an array.
  if ((callbacks ?? null) === null || (Array.isArray(callbacks) && callbacks.length === 0)) return undefined;
  const table = jsonObject(callbacks);
  if (!table) throw new ProtocolViolation(PROTOCOL_ERROR, 'The message has no valid callbacks');
  let paths: CallbackPath[] | undefined;
  let count = 0;
  for (const key in table) {
    if (++count > limit) {
      throw new ProtocolViolation(POLICY_VIOLATION, `A message has more than ${limit} callbacks`);
    }
    const path = table[key];
    const number = Number(key);
    // Invalid keys and paths are ignored.
    if (!Array.isArray(path) || !Number.isSafeInteger(number) || number < 0 || String(number) !== key)
      continue;
    (paths ??= []).push({ number, path });
  }
  return paths;
}

/**
 * Whether JSON text nests deeper than `limit`. First counts the brackets, including those in strings, which is enough for
 * nearly every message. Scans the text only if it has more brackets than `limit`.
 */
export function exceedsDepth(text: string, limit: number): boolean {
  // Each level has an opening and a closing bracket.
  if (text.length < 2 * (limit + 1) || countOpeningBrackets(text, limit) <= limit) return false;
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (inString) {
      if (unit === BACKSLASH) index++;
      else if (unit === QUOTE) inString = false;
    } else if (unit === QUOTE) inString = true;
    else if (unit === OPEN_BRACE || unit === OPEN_BRACKET) {
      if (++depth > limit) return true;
    } else if (unit === CLOSE_BRACE || unit === CLOSE_BRACKET) depth--;
  }
  return false;
}

/** Counts the brackets, including those in strings. Stops above `limit`. */
function countOpeningBrackets(text: string, limit: number): number {
  let count = 0;
  for (const bracket of ['[', '{']) {
    for (let index = text.indexOf(bracket); index !== -1; index = text.indexOf(bracket, index + 1)) {
      if (++count > limit) return count;
    }
  }
  return count;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
