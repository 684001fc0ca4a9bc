/** A replacement in a file of a dependency. */
export interface Rewrite {
  /** The file, for the error message. */
  readonly file: string;
  /** The pattern to replace. A regular expression must be global. */
  readonly pattern: RegExp | string;
  /** How many matches the pattern must have. */
  readonly expected: number;
}

/** The result of a replacement and the number of matches. */
export interface ReplaceResult {
  readonly text: string;
  readonly count: number;
}

/** Replaces all matches of `pattern` in `text`, and counts them. */
export function countingReplace(
  text: string,
  pattern: RegExp | string,
  replace: (match: string, ...groups: string[]) => string,
): ReplaceResult {
  let count = 0;
  const replaced = text.replaceAll(pattern, (match: string, ...groups: string[]) => {
    count++;
    return replace(match, ...groups);
  });
  return { text: replaced, count };
}

/** @throws Error if the number of matches is not the expected one */
export function requireCount(count: number, { file, pattern, expected }: Rewrite, advice = ''): void {
  if (count === expected) return;
  const times = (n: number): string => (n === 1 ? '1 time' : `${n} times`);
  throw new Error(
    `The build rewrites ${file}: the pattern ${String(pattern)} matched ${times(count)}, expected ${times(expected)}.${advice}`,
  );
}
