import type { Fragment } from '../channel/outgoing-message.js';
import { stringEnd } from './frames.js';

/** A message whose beginning was expected. */
export interface SplitMessage {
  /** What follows the prefix. */
  readonly rest: string;
  readonly prefix: Fragment;
}

/**
 * Reads a client's frame in which every message begins with one of `prefixes`, without parsing those beginnings: they are
 * compared as they stand in the frame. Undefined for any other frame, which then has to be decoded as a whole.
 */
export function splitClientFrame(
  frame: string,
  messageBytes: number,
  prefixes: readonly Fragment[],
): SplitMessage[] | undefined {
  // Long enough to need counting: rare, and not worth a second way of doing it.
  if (frame.length * 3 > messageBytes || !frame.startsWith('["')) return undefined;
  const split: SplitMessage[] = [];
  for (let quote = 1; ; quote++) {
    if (frame[quote] !== '"') return undefined;
    const prefix = prefixes.find((candidate) => standsAt(frame, quote + 1, candidate.quoted));
    if (!prefix) return undefined;
    const begin = quote + prefix.quoted.length;
    const end = stringEnd(frame, begin);
    const rest = end === 0 ? undefined : unquote(frame.slice(begin + 1, end - 1));
    if (rest === undefined) return undefined;
    split.push({ rest, prefix });
    if (frame[end] === ']') return end === frame.length - 1 ? split : undefined;
    if (frame[end] !== ',') return undefined;
    quote = end;
  }
}

// V8 compares two strings in blocks, and `startsWith` one character after the other: ten times slower.
function standsAt(frame: string, at: number, text: string): boolean {
  return frame.slice(at, at + text.length) === text;
}

function unquote(quoted: string): string | undefined {
  if (!quoted.includes('\\')) return quoted;
  try {
    return JSON.parse(`"${quoted}"`) as string;
  } catch {
    return undefined;
  }
}
