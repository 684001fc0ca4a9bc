import type { DnodeMessage, MessageLimits } from '../../dnode/dnode-message.js';
import type { ParseData } from '../../dnode/message-json.js';
import { SPOKEN_EXTENSIONS } from '../../protocol/extensions.js';
import { exceedsBytes } from '../../util/utf8.js';

/*
 * Nearly all messages are written by a kite like this one, and have one of these forms, without white space:
 *
 *     {"method":5,"arguments":[…],"callbacks":{}}
 *     {"method":5,"arguments":[{"error":null,"result":…}],"callbacks":{}}
 *     {"method":5,"arguments":[{"error":null,"result":…,"extensions":[…]}],"callbacks":{}}
 *
 * The third is the first answer of a kite, with the extensions that this version speaks.
 *
 * Calls follow a known prefix, up to their arguments:
 *
 *     […]}],"callbacks":{"5":[0,"responseCallback"]}}
 *
 * If the text at `…` is JSON on its own, then the message has no other meaning: what stands around it is complete. Parsing this
 * part takes a fraction of the time of parsing a message. Everything else is parsed as a whole.
 */
const START = '{"method":';
const ARGUMENTS = ',"arguments":[';
const END = '],"callbacks":{}}';
const RESULT = '{"error":null,"result":';
const EXTENSIONS = `,"extensions":${JSON.stringify(SPOKEN_EXTENSIONS)}`;
const CALL_END = '}],"callbacks":{"';
const RESPONSE = '":[0,"responseCallback"]}}';

/** As many digits are always exact. */
const EXACT_DIGITS = 15;

/** Levels of nesting around the arguments of a callback, a result, and the arguments of a call. */
const CALLBACK_LEVELS = 1;
const RESULT_LEVELS = 3;
const CALL_LEVELS = 3;

/** Parses a call of a callback, or a response. Returns undefined if it has to be parsed as a whole. */
export function parseUsualMessage(
  text: string,
  limits: MessageLimits,
  parseData: ParseData,
): DnodeMessage | undefined {
  if (exceedsLimits(text, limits) || !hasTextAt(text, 0, START)) return undefined;
  const end = digitsEnd(text, START.length);
  const method = numberIn(text, START.length, end);
  const start = end + ARGUMENTS.length;
  const last = text.length - END.length;
  if (method === undefined || last < start || !hasTextAt(text, end, ARGUMENTS) || !hasTextAt(text, last, END))
    return undefined;
  if (!hasTextAt(text, start, RESULT)) {
    const args = parseData(text.slice(start - 1, last + 1), CALLBACK_LEVELS, limits) as unknown[] | undefined;
    return args && { method, args, callbacks: undefined };
  }
  if (text.charCodeAt(last - 1) !== CLOSE_BRACE) return undefined;
  const announced = last - 1 - EXTENSIONS.length;
  const isFirst = text.charCodeAt(last - 2) === CLOSE_BRACKET && hasTextAt(text, announced, EXTENSIONS);
  const resultEnd = isFirst ? announced : last - 1;
  const result = parseData(text.slice(start + RESULT.length, resultEnd), RESULT_LEVELS, limits);
  if (result === undefined) return undefined;
  const answer = isFirst ? { error: null, result, extensions: SPOKEN_EXTENSIONS } : { error: null, result };
  return { method, args: [answer], callbacks: undefined };
}

/** The part of a call after its prefix. */
export interface UsualCall {
  readonly args: unknown[];
  /** Number of the caller's callback for the response. */
  readonly response: number;
}

/** Parses what follows the prefix of a call. Returns undefined if it has to be parsed as a whole. */
export function parseUsualCall(
  rest: string,
  limits: MessageLimits,
  parseData: ParseData,
): UsualCall | undefined {
  const end = rest.length - RESPONSE.length;
  if (exceedsLimits(rest, limits) || end < 0 || !hasTextAt(rest, end, RESPONSE)) return undefined;
  let digits = end;
  while (isDigit(rest.charCodeAt(digits - 1))) digits--;
  const response = numberIn(rest, digits, end);
  const last = digits - CALL_END.length;
  if (response === undefined || last < 2 || !hasTextAt(rest, last, CALL_END)) return undefined;
  // Anything else is not only arguments, or not the list that kites send.
  if (rest.charCodeAt(0) !== OPEN_BRACKET || rest.charCodeAt(last - 1) !== CLOSE_BRACKET) return undefined;
  const args = parseData(rest.slice(0, last), CALL_LEVELS, limits) as unknown[] | undefined;
  return args && { args, response };
}

function exceedsLimits(text: string, { messageBytes, callbacksPerMessage }: MessageLimits): boolean {
  return callbacksPerMessage < 1 || exceedsBytes(text, messageBytes);
}

/** V8 compares slices faster than `startsWith` does. */
function hasTextAt(text: string, at: number, expected: string): boolean {
  return text.slice(at, at + expected.length) === expected;
}

function digitsEnd(text: string, start: number): number {
  let end = start;
  while (isDigit(text.charCodeAt(end))) end++;
  return end;
}

/** Returns the number that the digits are, if they are written as JSON does. */
function numberIn(text: string, start: number, end: number): number | undefined {
  const count = end - start;
  if (count === 0 || count > EXACT_DIGITS || (count > 1 && text.charCodeAt(start) === ZERO)) return undefined;
  let number = 0;
  for (let at = start; at < end; at++) number = number * 10 + (text.charCodeAt(at) - ZERO);
  return number;
}

function isDigit(unit: number): boolean {
  return unit >= ZERO && unit <= NINE;
}

const ZERO = 0x30;
const NINE = 0x39;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const CLOSE_BRACE = 0x7d;
