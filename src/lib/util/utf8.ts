/** Whether `text` takes more than `limit` bytes in UTF-8. Counts the bytes only if the length is not sufficient to decide. */
export function exceedsBytes(text: string, limit: number): boolean {
  if (text.length > limit) return true;
  // A UTF-16 unit takes at most three bytes.
  if (text.length * 3 <= limit) return false;
  return utf8Length(text) > limit;
}

/** Returns the size of `text` in UTF-8, in bytes. A lone surrogate is encoded as U+FFFD, three bytes. */
export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
