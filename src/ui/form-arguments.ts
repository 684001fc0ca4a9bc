/**
 * Parses the arguments that a user has entered. If the input is one JSON value, that is the only argument. Otherwise each line is
 * an argument: JSON if it parses, else a string, as on the command line. Empty input means no arguments.
 */
export function parseArguments(text: string): unknown[] {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  const whole = parse(trimmed);
  if (whole) return [whole.value];
  return trimmed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const parsed = parse(line);
      return parsed ? parsed.value : line;
    });
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Returns the `kitectl` command that makes the same call. */
export function commandLine(method: string, input: string, path: string): string {
  const args = parseArguments(input).map((arg) => {
    const word = typeof arg === 'string' && !parse(arg) ? arg : JSON.stringify(arg);
    return shellWord(word);
  });
  const words = ['kitectl', 'call', shellWord(method), '--to', shellWord(path)];
  // After the dashes, -4 is a number and not a flag.
  return [...words, ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
}

function shellWord(text: string): string {
  return /^[\w/.:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
