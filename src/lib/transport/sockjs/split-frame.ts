import type { Fragment } from '../channel/outgoing-message.js';
import { stringEnd } from './frames.js';
import { hasTextAt } from './lines.js';
import { quote } from './quoting.js';
import { parseJson } from '../../util/parse-json.js';

/** A message that begins with an expected prefix. */
export interface SplitMessage {
  /** The text after the prefix. */
  readonly rest: string;
  readonly prefix: Fragment;
}

/**
 * Decodes a client's frame in which every message begins with one of `prefixes`, without parsing the prefixes: their quoted
 * form is compared with the frame. Returns undefined for any other frame, which must be decoded as a whole.
 */
export function splitClientFrame(
  frame: string,
  messageBytes: number,
  prefixes: readonly Fragment[],
): SplitMessage[] | undefined {
  // A long frame is rare, and its messages would have to be counted in bytes.
  if (frame.length * 3 > messageBytes || !frame.startsWith('["')) return undefined;
  const split: SplitMessage[] = [];
  for (let open = 1; ; open++) {
    if (frame[open] !== '"') return undefined;
    const prefix = prefixes.find((candidate) => hasTextAt(frame, open + 1, candidate.encoded(quote)));
    if (!prefix) return undefined;
    const prefixEnd = open + prefix.encoded(quote).length;
    const end = stringEnd(frame, prefixEnd);
    const rest = end === 0 ? undefined : unquote(frame.slice(prefixEnd + 1, end - 1));
    if (rest === undefined) return undefined;
    split.push({ rest, prefix });
    if (frame[end] === ']') return end === frame.length - 1 ? split : undefined;
    if (frame[end] !== ',') return undefined;
    open = end;
  }
}

/** Returns the text of the inside of a JSON string. Undefined if it is invalid, such as by a control character. */
function unquote(quoted: string): string | undefined {
  return parseJson(`"${quoted}"`) as string | undefined;
}
