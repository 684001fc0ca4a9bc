/** Whether `text` takes more than `limit` bytes as UTF-8. Counts only where the length alone cannot tell. */
export function exceedsBytes(text: string, limit: number): boolean {
  if (text.length > limit) return true;
  // A UTF-16 unit takes three bytes at most.
  if (text.length * 3 <= limit) return false;
  return utf8Length(text) > limit;
}

/** Bytes that `text` takes as UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const point = text.codePointAt(index) ?? 0;
    if (point > 0x7ff) bytes += 2;
    else if (point > 0x7f) bytes += 1;
    // A pair of surrogates is two units and four bytes; half a pair is sent as U+FFFD, three bytes.
    if (point > 0xffff) index++;
  }
  return bytes;
}
