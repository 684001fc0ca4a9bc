/** Digits that identify a 64-bit floating-point number. */
const FLOAT_DIGITS = 17;

/** A number of 15 digits and an exponent of two digits is always exact. */
const LONG_NUMBER = 16;
const LONG_EXPONENT = 3;

/** Characters without a quote after which `mayHoldInexact` looks for the end of a string. */
const STRING_CHECK = 256;

/**
 * Whether JavaScript represents a number of JSON exactly: it writes the number with the same value, such as `100` for `1e2`. A
 * number that is written with 17 digits, as C and PHP do, is exact as well if these are the digits of its closest representation.
 */
export function isExact(literal: string): boolean {
  return isPlain(literal) || hasExactValue(literal);
}

/** Whether a number is exact as most numbers are: it has few digits, or JavaScript writes it the same. Fast. */
function isPlain(literal: string): boolean {
  return (
    (literal.length < LONG_NUMBER && !/[eE][+-]?\d{3}/.test(literal)) || String(Number(literal)) === literal
  );
}

function hasExactValue(literal: string): boolean {
  const written = decimal(literal);
  const value = Number(literal);
  if (written === '0' || !Number.isFinite(value)) return written === '0';
  return written === decimal(String(value)) || written === decimal(value.toPrecision(FLOAT_DIGITS));
}

/** Returns the significant digits and the power of ten of a number, such as `-15e1` for `-150.0`; `0` for zero. */
function decimal(literal: string): string {
  const [, sign = '', integer = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(literal) ?? [];
  const digits = (integer + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

const EXPONENT = /[eE][+-]?\d{3}/;

/** How much is searched at once, and how much of it again with the next part, so that a number is in one of them. */
const PART = 2048;
const OVERLAP = 32;

/**
 * Whether JSON may contain a number that is not exact: one of 16 digits or more, or with an exponent of three digits or more. Also
 * finds them in strings. Runs for each message, so it first rules out most messages with a fast search that skips the inside of
 * long strings.
 */
export function mayHoldInexact(json: string): boolean {
  for (let at = 0; at < json.length; at += PART) {
    const start = Math.max(0, at - OVERLAP);
    const end = Math.min(at + PART, json.length);
    if (EXPONENT.test(json.slice(start, end)) || mayHoldLongNumber(json, start, end))
      return scanForInexact(json);
    const quote = json.indexOf('"', at + PART);
    if (quote - at - PART > STRING_CHECK && startsString(json, json.lastIndexOf('"', at + PART - 1)))
      at = quote - PART;
  }
  return false;
}

/** Whether a number of 16 digits may be in a part. Each has a digit at one of the characters that this reads. */
function mayHoldLongNumber(json: string, start: number, end: number): boolean {
  for (let at = start + LONG_NUMBER - 1; at < end; at += LONG_NUMBER) {
    if (!isDigit(json.charCodeAt(at))) continue;
    let first = at;
    while (isDigit(json.charCodeAt(first - 1))) first--;
    let last = at;
    while (isDigit(json.charCodeAt(last + 1))) last++;
    if (last - first + 1 >= LONG_NUMBER) return true;
  }
  return false;
}

/** Does the same more precisely, as it skips the inside of more strings. Reads only every third character. */
function scanForInexact(json: string): boolean {
  let check = STRING_CHECK;
  for (let at = LONG_EXPONENT - 1; at < json.length; at += LONG_EXPONENT) {
    if (at >= check) {
      const quote = json.indexOf('"', at);
      if (quote - at > STRING_CHECK && startsString(json, json.lastIndexOf('"', at))) at = quote;
      check = Math.max(at, quote === -1 ? json.length : quote) + STRING_CHECK;
    }
    if (!isDigit(json.charCodeAt(at))) continue;
    let start = at;
    while (isDigit(json.charCodeAt(start - 1))) start--;
    let end = at + 1;
    while (isDigit(json.charCodeAt(end))) end++;
    if (end - start >= LONG_NUMBER || (end - start >= LONG_EXPONENT && isExponent(json, start))) return true;
    at = end;
  }
  return false;
}

/** Whether a quote starts a string. May be false for a string that starts with punctuation or a space. */
function startsString(json: string, quote: number): boolean {
  return quote >= 0 && json[quote - 1] !== '\\' && !' \t\r\n:,]}'.includes(json[quote + 1] ?? ' ');
}

function isExponent(json: string, digits: number): boolean {
  const before = json[digits - 1] ?? '';
  return /e/i.test(before === '+' || before === '-' ? (json[digits - 2] ?? '') : before);
}

/** Whether a character is a digit or a point. */
function isDigit(unit: number): boolean {
  return (unit >= 48 && unit <= 57) || unit === 46;
}
