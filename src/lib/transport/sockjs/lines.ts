import { exceedsBytes } from '../../util/utf8.js';
import { type Violation, violation } from '../channel/close-code.js';
import type { Fragment } from '../channel/outgoing-message.js';
import { OTHER_LINES_LENGTH } from '../limits/transport-limits.js';
import { type ClientFrame, decodeServerFrame, messageTooLong, type ServerFrame } from './frames.js';

/*
 * Frames of a hop with the extension `lines`: one or more messages, each in a line of its own, without double encoding. The first
 * character is that of a message, which no frame of SockJS has.
 */
export const LINES_START = '{';

const EMPTY_LINE = violation(1002, 'A frame contains an empty line');
export const LINE_BREAK = /[\n\r]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

export interface LineReceiver {
  /** Receives one message, or the rest of it after `prefix`. Returns false to stop. Must not throw. */
  deliverLine(text: string, prefix?: Fragment): boolean;
}

/**
 * Whether a message can be a line of a frame. Messages of kites can; those that a relay forwards may be printed over several
 * lines, or contain half of a surrogate pair, which UTF-8 cannot carry.
 */
export function fitsLine(message: string): boolean {
  return message.startsWith(LINES_START) && !LINE_BREAK.test(message) && !LONE_SURROGATE.test(message);
}

/**
 * Delivers the messages of a frame, those that begin with one of `prefixes` without it. Returns the reason if the frame is
 * invalid, and stops there. `size`: that of the frame in bytes. Default: it is not known.
 */
export function readLines(
  frame: string,
  messageBytes: number,
  prefixes: readonly Fragment[] | undefined,
  receiver: LineReceiver,
  size = 3 * frame.length,
): Violation | undefined {
  if (frame.length > messageBytes + OTHER_LINES_LENGTH) return messageTooLong(messageBytes);
  // A UTF-16 unit takes at most three bytes, so only long frames are counted.
  const long = size > messageBytes;
  for (let start = 0; ; ) {
    const lineBreak = frame.indexOf('\n', start);
    const end = lineBreak === -1 ? frame.length : lineBreak;
    if (end === start) return EMPTY_LINE;
    if (long && exceedsBytes(frame.slice(start, end), messageBytes)) return messageTooLong(messageBytes);
    const prefix = prefixes && findPrefix(frame, start, prefixes);
    const goOn = prefix
      ? receiver.deliverLine(frame.slice(start + prefix.text.length, end), prefix)
      : receiver.deliverLine(frame.slice(start, end));
    if (!goOn || lineBreak === -1) return undefined;
    start = lineBreak + 1;
  }
}

/** Decodes a frame of a server, which has lines only if the hop supports them. */
export function decodeAnyFrame(frame: string, lines: boolean, messageBytes: number): ServerFrame {
  return lines && frame.startsWith(LINES_START)
    ? decodeLines(frame, messageBytes)
    : decodeServerFrame(frame, messageBytes);
}

/** Returns the messages of a frame. */
export function decodeLines(frame: string, messageBytes: number): ClientFrame {
  const messages: string[] = [];
  const receiver = { deliverLine: (text: string) => messages.push(text) > 0 };
  return readLines(frame, messageBytes, undefined, receiver) ?? { type: 'messages', messages };
}

/** Returns the prefix with which the line at `start` begins. A prefix contains no line break, so it does not exceed the line. */
function findPrefix(frame: string, start: number, prefixes: readonly Fragment[]): Fragment | undefined {
  for (const prefix of prefixes) if (hasTextAt(frame, start, prefix.text)) return prefix;
  return undefined;
}

/** V8 compares two strings in blocks. `startsWith` compares one character at a time, which takes ten times as long. */
export function hasTextAt(frame: string, at: number, text: string): boolean {
  return frame.slice(at, at + text.length) === text;
}
