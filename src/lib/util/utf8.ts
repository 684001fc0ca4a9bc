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
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) bytes += unit > 0x7ff && !isSurrogate(unit) ? 2 : 1;
  }
  return bytes;
}

// A pair is two units and four bytes, so that each half adds one byte to its unit.
function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
