/**
 * A message on its way out, as pieces. Most of a call never changes on a connection (the envelope: who calls, with which
 * key), and SockJS wraps a message in a JSON string, so that sending it naively escapes the same 1.2 KiB token for every
 * call. A piece that is kept as a `Fragment` is escaped once.
 */
export type Message = string | readonly Piece[];

/** A number stands for its decimal digits. */
export type Piece = string | number | Fragment;

/** Text that is sent again and again. */
export class Fragment {
  readonly text: string;
  #quoted: string | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** The text as it stands between the quotes of a JSON string. */
  get quoted(): string {
    this.#quoted ??= quote(this.text);
    return this.#quoted;
  }
}

/** The message as plain text. */
export function messageText(message: Message): string {
  if (typeof message === 'string') return message;
  let text = '';
  for (const piece of message) text += piece instanceof Fragment ? piece.text : piece;
  return text;
}

/** The message as it stands between the quotes of a JSON string: what SockJS puts into its array frames. */
export function messageQuoted(message: Message): string {
  if (typeof message === 'string') return quote(message);
  let text = '';
  for (const piece of message) {
    text += piece instanceof Fragment ? piece.quoted : typeof piece === 'string' ? quote(piece) : piece;
  }
  return text;
}

// The characters that the SockJS 0.3 protocol text wants escaped because some browsers garble them.
const SOCKJS_ESCAPED = /[\ud800-\udfff\u200c-\u200f\u2028-\u202f\u2060-\u206f\ufff0-\uffff]/g;
const HAS_SOCKJS_ESCAPED = new RegExp(SOCKJS_ESCAPED.source);
// oxlint-disable-next-line no-control-regex -- control characters are what this looks for
const HAS_CONTROL = /[\u0000-\u001f]/;

/**
 * Escapes text for the inside of a JSON string. `replaceAll` takes half the time of `JSON.stringify` for a long text with
 * few characters to escape, and many times as much, growing with the square of their number, for one with many.
 */
export function quote(text: string): string {
  if (!isSparse(text) || HAS_CONTROL.test(text)) {
    const quoted = JSON.stringify(text).slice(1, -1);
    return HAS_SOCKJS_ESCAPED.test(quoted) ? escapeUnicode(quoted) : quoted;
  }
  let quoted = text.includes('\\') ? text.replaceAll('\\', '\\\\') : text;
  if (quoted.includes('"')) quoted = quoted.replaceAll('"', '\\"');
  return HAS_SOCKJS_ESCAPED.test(quoted) ? escapeUnicode(quoted) : quoted;
}

/** Whether next to nothing in a text has to be escaped: of quotes and backslashes, a few each. */
function isSparse(text: string): boolean {
  return holdsFew(text, '"') && holdsFew(text, '\\');
}

function holdsFew(text: string, character: string): boolean {
  let at = -1;
  for (let found = 0; found <= FEW; found++) {
    at = text.indexOf(character, at + 1);
    if (at === -1) return true;
  }
  return false;
}

const FEW = 4;

function escapeUnicode(text: string): string {
  return text.replace(SOCKJS_ESCAPED, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
