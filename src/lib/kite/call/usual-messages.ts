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
 *     […],"stream":{"next":"[Function]","items":256,"bytes":1024}}],
 *         "callbacks":{"5":[0,"responseCallback"],"6":[0,"stream","next"]}}
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
const RESPONSE_PATH = '":[0,"responseCallback"]';
const RESPONSE = `${RESPONSE_PATH}}}`;
const STREAM = ',"stream":{"next":"[Function]","items":';
const STREAM_BYTES = ',"bytes":';
const STREAM_END = '}';
const NEXT_KEY = ',"';
const NEXT = '":[0,"stream","next"]}}';

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
  /** Where the caller accepts a stream. Undefined if it does not. */
  readonly stream: UsualStream | undefined;
}

export interface UsualStream {
  readonly window: { readonly next: string; readonly items: number; readonly bytes: number };
  readonly number: number;
}

/** Parses what follows the prefix of a call. Returns undefined if it has to be parsed as a whole. */
export function parseUsualCall(
  rest: string,
  limits: MessageLimits,
  parseData: ParseData,
): UsualCall | undefined {
  if (exceedsLimits(rest, limits)) return undefined;
  const end = startOf(rest, rest.length, RESPONSE);
  if (end === -1) return parseUsualStream(rest, limits, parseData);
  const digits = digitsStart(rest, end);
  const response = numberIn(rest, digits, end);
  const last = startOf(rest, digits, CALL_END);
  const args = response === undefined ? undefined : parseArgs(rest, last, limits, parseData);
  return args && { args, response: response as number, stream: undefined };
}

/** The same for a call that accepts a stream. */
function parseUsualStream(rest: string, limits: MessageLimits, parseData: ParseData): UsualCall | undefined {
  const numberEnd = startOf(rest, rest.length, NEXT);
  const numberStart = digitsStart(rest, numberEnd);
  const responseEnd = startOf(rest, startOf(rest, numberStart, NEXT_KEY), RESPONSE_PATH);
  const responseStart = digitsStart(rest, responseEnd);
  const bytesEnd = startOf(rest, startOf(rest, responseStart, CALL_END), STREAM_END);
  const bytesStart = digitsStart(rest, bytesEnd);
  const itemsEnd = startOf(rest, bytesStart, STREAM_BYTES);
  const itemsStart = digitsStart(rest, itemsEnd);
  const last = startOf(rest, itemsStart, STREAM);
  // The window nests as deep as the list of arguments.
  if (last === -1 || limits.callbacksPerMessage < 2) return undefined;
  const number = numberIn(rest, numberStart, numberEnd);
  const response = numberIn(rest, responseStart, responseEnd);
  const bytes = numberIn(rest, bytesStart, bytesEnd);
  const items = numberIn(rest, itemsStart, itemsEnd);
  if (number === undefined || response === undefined || bytes === undefined || items === undefined)
    return undefined;
  // Of two entries with one number, the second replaces the first.
  const args = number === response ? undefined : parseArgs(rest, last, limits, parseData);
  return args && { args, response, stream: { window: { next: '[Function]', items, bytes }, number } };
}

/** Parses the arguments that end at `last`. Anything but the list that kites send is not only arguments. */
function parseArgs(
  rest: string,
  last: number,
  limits: MessageLimits,
  parseData: ParseData,
): unknown[] | undefined {
  if (last < 2 || rest.charCodeAt(0) !== OPEN_BRACKET || rest.charCodeAt(last - 1) !== CLOSE_BRACKET)
    return undefined;
  return parseData(rest.slice(0, last), CALL_LEVELS, limits) as unknown[] | undefined;
}

/** Returns where `expected`, which ends at `end`, starts. Returns -1 if it is not there. */
function startOf(text: string, end: number, expected: string): number {
  const start = end - expected.length;
  return start >= 0 && hasTextAt(text, start, expected) ? start : -1;
}

/** Returns where the digits that end at `end` start. */
function digitsStart(text: string, end: number): number {
  let start = end;
  while (isDigit(text.charCodeAt(start - 1))) start--;
  return start;
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
