// Categories: Cc controls (C0, DEL, C1, and so ESC), Cf formats (bidirectional overrides, zero-width characters, tags),
// Cs lone surrogates, Zl and Zp line and paragraph separators.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

// Join emoji, and letters of several scripts. They neither hide nor reorder text.
const JOINERS = '\u200c\u200d';

export interface VisibleOptions {
  /** Whether to keep line feeds. Default: false. */
  readonly newlines?: boolean;
}

/**
 * Makes text of a peer safe for a terminal or a log. Escapes characters that could move the cursor, start a new line, change a
 * color or reorder the text (`\n`, `\x1b`, `\u202e`). Does not change printable Unicode.
 */
export function makeVisible(text: string, options: VisibleOptions = {}): string {
  return text.replace(INVISIBLE, (character) => {
    if (JOINERS.includes(character) || (options.newlines === true && character === '\n')) return character;
    return SHORT_ESCAPES[character] ?? escape(character.codePointAt(0) ?? 0);
  });
}

function escape(code: number): string {
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}
