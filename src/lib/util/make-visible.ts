// Categories: Cc controls (C0, DEL, C1, and so ESC), Cf formats (bidirectional overrides, zero-width characters, tags),
// Cs lone surrogates, Zl and Zp line and paragraph separators; and the plane of tags, of which most have no category. Not U+200C
// and U+200D, which join emoji, and letters of several scripts: they neither hide nor reorder text.
const HIDDEN = /(?!\u200c|\u200d)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u{e0000}-\u{e0fff}]/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

export interface VisibleOptions {
  /** Whether to keep line feeds and tabs. Default: false. */
  readonly newlines?: boolean;
}

/** Replaces each character that could move the cursor, start a new line, change a color, or hide or reorder text. */
export function replaceHidden(text: string, replacement: (character: string) => string): string {
  return text.replace(HIDDEN, replacement);
}

/** Whether text contains a character that `replaceHidden` replaces. */
export function hasHidden(text: string): boolean {
  return text.search(HIDDEN) !== -1;
}

/**
 * Makes text of a peer safe for a terminal or a log. Escapes characters that could move the cursor, start a new line, change a
 * color or reorder the text (`\n`, `\x1b`, `\u202e`). Does not change printable Unicode.
 */
export function makeVisible(text: string, options: VisibleOptions = {}): string {
  return replaceHidden(text, (character) => {
    if (options.newlines === true && (character === '\n' || character === '\t')) return character;
    return SHORT_ESCAPES[character] ?? escape(character.codePointAt(0) ?? 0);
  });
}

function escape(code: number): string {
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}
