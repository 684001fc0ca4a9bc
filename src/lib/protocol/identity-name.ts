// Controls, formats (bidirectional overrides and marks, zero-width characters, joiners), lone surrogates, line separators; what
// Unicode displays as nothing (variation selectors, Hangul fillers, tags); and the empty Braille cell, which looks like a space.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}\u2800]/u;

/** Printable ASCII without "/" and outer spaces, like nearly all names. The tables of Unicode are slow to load. */
const PLAIN = /^[!-.0-~](?:[ -.0-~]*[!-.0-~])?$/;

/**
 * Returns why a text cannot be a field of an identity, as the end of a sentence; undefined if it can. Names that look the same have
 * to be the same, because policies and people compare them.
 */
export function nameProblem(text: unknown): string | undefined {
  if (typeof text !== 'string') return 'is not a string';
  if (PLAIN.test(text)) return undefined;
  if (text === '') return 'is empty';
  if (text.includes('/')) return 'contains "/"';
  if (HIDDEN.test(text)) return 'contains control, invisible or bidirectional characters';
  if (text !== text.trim()) return 'begins or ends with a space';
  const normal = text.normalize('NFKC');
  return text === normal
    ? undefined
    : `looks like another name: write it in its normal form (NFKC), ${JSON.stringify(normal)}`;
}
