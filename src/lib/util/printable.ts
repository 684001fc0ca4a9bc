// Categories: Cc controls (C0, DEL, C1, and so ESC), Cf formats (bidirectional overrides, zero-width characters, tags),
// Cs lone surrogates, Zl and Zp line and paragraph separators.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

// Joins emoji and the letters of several scripts; it neither hides nor reorders anything.
const JOINERS = '\u200c\u200d';

export interface VisibleOptions {
  /** Keeps line feeds. Default false. */
  readonly newlines?: boolean;
}

/**
 * Text of a peer, made safe for a terminal or a log: whatever could move the cursor, start a new line, change a colour
 * or reorder what is read is written as an escape (`\n`, `\x1b`, `\u202e`). Printable Unicode stays as it is.
 */
export function makeVisible(text: string, options: VisibleOptions = {}): string {
  return text.replace(HIDDEN, (character) => {
    if (JOINERS.includes(character) || (options.newlines === true && character === '\n')) return character;
    return SHORT[character] ?? escape(character.codePointAt(0) ?? 0);
  });
}

function escape(code: number): string {
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}
