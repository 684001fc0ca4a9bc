/** The first error in JSON. */
export interface JsonError {
  /** Index of the first character that cannot be part of valid JSON. The length of the text if its end is missing. */
  readonly at: number;
  /** What is expected there. */
  readonly expected: string;
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
// oxlint-disable-next-line no-control-regex -- JSON does not allow them in strings
const CHARACTERS = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

/** Returns the first error in a text that is not valid JSON, which engines describe differently and often without its position. */
export function findJsonError(text: string): JsonError | undefined {
  return new JsonScanner(text).scan();
}

/** Describes the first error in a text that is not valid JSON, with its position from 1. */
export function describeJsonError(text: string): string {
  const { at, expected } = findJsonError(text) ?? { at: text.length, expected: 'another value' };
  const lines = text.slice(0, at).split('\n');
  const column = (lines.at(-1)?.length ?? 0) + 1;
  const position = text.trim().includes('\n')
    ? `line ${lines.length}, column ${column}`
    : `character ${column}`;
  const found =
    at >= text.length ? 'the end' : JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0));
  return `expected ${expected} at ${position}, but found ${found}`;
}

class JsonScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): JsonError | undefined {
    /** The closing brackets of the open arrays and objects, innermost last. */
    const open: string[] = [];
    for (;;) {
      this.#skip(SPACE);
      const closing = this.#opened();
      if (closing !== undefined) {
        open.push(closing);
        this.#skip(SPACE);
        if (!this.#take(closing)) {
          const error = closing === '}' ? this.#key('a property name in double quotes or "}"') : undefined;
          if (error) return error;
          // In an empty array, "]" would have been possible as well.
          if (closing === ']' && this.#isEnd()) return this.#error('a value or "]"');
          continue;
        }
        open.pop();
      } else {
        const error = this.#scalar();
        if (error) return error;
      }
      const ended = this.#afterValue(open);
      if (ended !== 'next') return ended;
    }
  }

  /** Continues after a value to the next one. Returns the error, or undefined at the end of the text. */
  #afterValue(open: string[]): JsonError | undefined | 'next' {
    for (;;) {
      this.#skip(SPACE);
      const closing = open.at(-1);
      if (closing === undefined) return this.#isEnd() ? undefined : this.#error('the end');
      if (this.#take(',')) {
        this.#skip(SPACE);
        return (closing === '}' ? this.#key('a property name in double quotes') : undefined) ?? 'next';
      }
      if (!this.#take(closing)) return this.#error(`"," or "${closing}"`);
      open.pop();
    }
  }

  /** Skips a property name and its colon. */
  #key(expected: string): JsonError | undefined {
    if (this.#text[this.#at] !== '"') return this.#error(expected);
    const error = this.#string();
    if (error) return error;
    this.#skip(SPACE);
    return this.#take(':') ? undefined : this.#error('":"');
  }

  #scalar(): JsonError | undefined {
    if (this.#text[this.#at] === '"') return this.#string();
    return this.#skip(NUMBER) || this.#skip(WORD) ? undefined : this.#error('a value');
  }

  #string(): JsonError | undefined {
    this.#at++;
    for (;;) {
      this.#skip(CHARACTERS);
      if (this.#take('"')) return undefined;
      if (this.#isEnd()) return this.#error('a closing double quote');
      if (this.#skip(ESCAPE)) continue;
      return this.#error(this.#text[this.#at] === '\\' ? 'a valid escape sequence' : 'an escape sequence');
    }
  }

  /** Skips an opening bracket. Returns the closing bracket. */
  #opened(): string | undefined {
    if (this.#take('{')) return '}';
    return this.#take('[') ? ']' : undefined;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  /** Skips what matches here. Returns whether that is any character. */
  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const length = pattern.exec(this.#text)?.[0].length ?? 0;
    this.#at += length;
    return length > 0;
  }

  #isEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  #error(expected: string): JsonError {
    return { at: this.#at, expected };
  }
}
