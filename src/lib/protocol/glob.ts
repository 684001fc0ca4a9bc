/* Globs: `*` is any text, also none, and `?` is one character. `\*` and `\?` are these characters themselves. */

/** Returns whether a text matches a glob. */
export type GlobMatcher = (text: string) => boolean;

const WILDCARD = /[*?]/;
const WILDCARDS = /[*?]/g;
const TOKENS = /\\[*?]|[^]/gu;

/** Whether a glob can match several texts: it contains a wildcard that is not escaped. */
export function isGlob(glob: string): boolean {
  return WILDCARD.test(glob) && tokensOf(glob).some((token) => token === '*' || token === '?');
}

/** Whether a glob matches every text. */
export function matchesEverything(glob: string): boolean {
  return /^\*+$/.test(glob);
}

/** Returns the glob that matches this text and no other. */
export function escapeGlob(text: string): string {
  return WILDCARD.test(text) ? text.replace(WILDCARDS, '\\$&') : text;
}

/** Returns the text that a glob without wildcards matches. */
export function unescapeGlob(glob: string): string {
  return WILDCARD.test(glob) ? tokensOf(glob).map(characterOf).join('') : glob;
}

/**
 * Returns the matcher of a glob. The time that it takes is proportional to the length of the text, for every glob: it follows all
 * positions in the glob that the text can have reached, 32 of them at once, and never goes back.
 */
export function globMatcher(glob: string): GlobMatcher {
  if (matchesEverything(glob)) return () => true;
  if (isGlob(glob)) return followPositions(tokensOf(glob));
  const literal = unescapeGlob(glob);
  return (text) => text === literal;
}

/**
 * A set of positions takes `words` numbers. Bit n of it stands for the position before the n-th token, of those that are not `*`.
 * A matcher is small, because those of watches in Kontrol last.
 */
function followPositions(tokens: readonly string[]): GlobMatcher {
  const size = tokens.filter((token) => token !== '*').length;
  const words = (size >> 5) + 1;
  const alphabet = [...new Set(tokens.filter((token) => !isGlob(token)).map(characterOf))].join('');
  /** For each character of the alphabet, then for all others: the positions from which it leads to the next one. */
  const leads = new Uint32Array((alphabet.length + 1) * words);
  /** The positions that stay reached, whatever follows. */
  const stays = new Uint32Array(words);
  let position = 0;
  for (const token of tokens) {
    const [word, bit] = [position >> 5, 1 << (position & 31)];
    if (token === '*') add(stays, word, bit);
    else if (token === '?')
      for (let index = word; index < leads.length; index += words) add(leads, index, bit);
    else add(leads, alphabet.indexOf(characterOf(token)) * words + word, bit);
    if (token !== '*') position++;
  }
  const reached = new Uint32Array(words);
  return (text) => {
    reached.fill(0);
    reached[0] = 1;
    for (const character of text) {
      const known = isHalf(character) ? -1 : alphabet.indexOf(character);
      const first = (known === -1 ? alphabet.length : known) * words;
      let carry = 0;
      let all = 0;
      for (let word = 0; word < words; word++) {
        const before = reached[word] ?? 0;
        const moved = before & (leads[first + word] ?? 0);
        const after = (moved << 1) | carry | (before & (stays[word] ?? 0));
        carry = moved >>> 31;
        reached[word] = after;
        all |= after;
      }
      if (all === 0) return false;
    }
    return ((reached[size >> 5] ?? 0) & (1 << (size & 31))) !== 0;
  };
}

function add(sets: Uint32Array, word: number, bit: number): void {
  sets[word] = (sets[word] ?? 0) | bit;
}

/** Whether a text is one of the two halves of a character beyond U+FFFF, alone. */
function isHalf(text: string): boolean {
  return text.length === 1 && (text.charCodeAt(0) & 0xf800) === 0xd800;
}

/** Splits a glob into characters, wildcards and escaped wildcards. */
function tokensOf(glob: string): string[] {
  return glob.match(TOKENS) ?? [];
}

/** Returns the character that a token stands for, which is not a wildcard. */
function characterOf(token: string): string {
  return token.length === 2 && token.startsWith('\\') ? token.slice(1) : token;
}
