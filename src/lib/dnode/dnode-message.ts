import type { CloseCode } from '../errors/error-codes.js';
import { BrandedError, kindOf } from '../errors/branded-error.js';
import type { DnodeLimits } from './dnode-limits.js';
import { exceedsBytes } from '../util/utf8.js';

/** One dnode message: `{method, arguments, callbacks}`. `links` may stand in it and is ignored. */
export interface DnodeMessage {
  /** A string calls an exported method, an integer the receiver's callback of that number. */
  readonly method: string | number;
  readonly args: unknown[];
  /** Where in `args` functions stand. Undefined where there are none. */
  readonly callbacks: readonly CallbackPath[] | undefined;
}

export interface CallbackPath {
  /** The number under which the sender knows the function. */
  readonly number: number;
  readonly path: readonly unknown[];
}

export interface MessageLimits extends Pick<DnodeLimits, 'messageDepth' | 'callbacksPerMessage'> {
  /** That of the channel. */
  readonly messageBytes: number;
}

/** A peer that does not speak the protocol, or passes a limit. `code` is the WebSocket close code that tells it so. */
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

/** Reads one message. Throws a ProtocolViolation for anything that is none, whatever it is. */
export function parseMessage(text: string, limits: MessageLimits): DnodeMessage {
  if (exceedsBytes(text, limits.messageBytes)) {
    throw new ProtocolViolation(TOO_BIG, `A message is larger than ${limits.messageBytes} bytes`);
  }
  if (nestsDeeper(text, limits.messageDepth)) {
    throw new ProtocolViolation(POLICY_VIOLATION, `A message nests deeper than ${limits.messageDepth}`);
  }
  const { method, arguments: args, callbacks } = parseObject(text);
  if (!isMethod(method)) {
    throw new ProtocolViolation(PROTOCOL_ERROR, 'The message has no method');
  }
  if (args !== undefined && args !== null && !Array.isArray(args)) {
    throw new ProtocolViolation(PROTOCOL_ERROR, 'The arguments of the message are not an array');
  }
  return { method, args: args ?? [], callbacks: readCallbacks(callbacks, limits.callbacksPerMessage) };
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProtocolViolation(PROTOCOL_ERROR, 'The message is not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProtocolViolation(PROTOCOL_ERROR, 'The message is not a dnode message');
  }
  return value as Record<string, unknown>;
}

function isMethod(method: unknown): method is string | number {
  return typeof method === 'string' || (Number.isSafeInteger(method) && (method as number) >= 0);
}

function readCallbacks(callbacks: unknown, limit: number): CallbackPath[] | undefined {
  if (callbacks === undefined || callbacks === null) return undefined;
  // Some peers write an empty table as an array.
  if (Array.isArray(callbacks) && callbacks.length === 0) return undefined;
  if (typeof callbacks !== 'object' || Array.isArray(callbacks)) {
    throw new ProtocolViolation(PROTOCOL_ERROR, 'The callbacks of the message are not an object');
  }
  let found: CallbackPath[] | undefined;
  let count = 0;
  for (const key in callbacks) {
    if (++count > limit) {
      throw new ProtocolViolation(POLICY_VIOLATION, `A message carries more than ${limit} callbacks`);
    }
    const path = (callbacks as Record<string, unknown>)[key];
    const number = Number(key);
    // A key that is no number, or a path that is none, leads nowhere and is ignored.
    if (!Array.isArray(path) || !Number.isSafeInteger(number) || number < 0 || String(number) !== key)
      continue;
    (found ??= []).push({ number, path });
  }
  return found;
}

/**
 * Whether JSON text nests deeper than `limit`. Looks at brackets only, those inside strings included at first, so that
 * nearly every message is settled by hopping over a few of them: only text with more brackets than `limit` is walked.
 */
export function nestsDeeper(text: string, limit: number): boolean {
  // Every level takes an opening and a closing bracket.
  if (text.length < 2 * (limit + 1) || !hasMoreOpenings(text, limit)) return false;
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

function hasMoreOpenings(text: string, limit: number): boolean {
  let count = 0;
  for (const bracket of ['[', '{']) {
    for (let index = text.indexOf(bracket); index !== -1; index = text.indexOf(bracket, index + 1)) {
      if (++count > limit) return true;
    }
  }
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
