import { type BytesMessage, Fragment, type Message } from '../channel/outgoing-message.js';

/** Escapes a message for the inside of a JSON string, as SockJS has it in its array frames. Fragments are escaped once. */
export function quoteMessage(message: Exclude<Message, BytesMessage>): string {
  if (typeof message === 'string') return quote(message);
  let text = '';
  for (const piece of message) {
    text +=
      piece instanceof Fragment ? piece.encoded(quote) : typeof piece === 'string' ? quote(piece) : piece;
  }
  return text;
}

// The characters that SockJS 0.3 requires to be escaped because some browsers garble them.
const SOCKJS_ESCAPED = /[\ud800-\udfff\u200c-\u200f\u2028-\u202f\u2060-\u206f\ufff0-\uffff]/g;
const HAS_SOCKJS_ESCAPED = new RegExp(SOCKJS_ESCAPED.source);
// oxlint-disable-next-line no-control-regex -- matching control characters is the purpose
const HAS_CONTROL = /[\u0000-\u001f]/;

/**
 * Escapes text for the inside of a JSON string. `replaceAll` takes half the time of `JSON.stringify` for a long text with
 * few characters to escape. With many of them it takes much longer, quadratic in their number.
 */
export function quote(text: string): string {
  if (!hasFewEscapes(text) || HAS_CONTROL.test(text)) {
    const quoted = JSON.stringify(text).slice(1, -1);
    return HAS_SOCKJS_ESCAPED.test(quoted) ? escapeUnicode(quoted) : quoted;
  }
  let quoted = text.includes('\\') ? text.replaceAll('\\', '\\\\') : text;
  if (quoted.includes('"')) quoted = quoted.replaceAll('"', '\\"');
  return HAS_SOCKJS_ESCAPED.test(quoted) ? escapeUnicode(quoted) : quoted;
}

/** Whether a text contains only a few quotes and backslashes. */
function hasFewEscapes(text: string): boolean {
  return occursRarely(text, '"') && occursRarely(text, '\\');
}

function occursRarely(text: string, character: string): boolean {
  let at = -1;
  for (let count = 0; count <= RARE_COUNT; count++) {
    at = text.indexOf(character, at + 1);
    if (at === -1) return true;
  }
  return false;
}

const RARE_COUNT = 4;

function escapeUnicode(text: string): string {
  return text.replace(SOCKJS_ESCAPED, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
