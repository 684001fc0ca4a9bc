/**
 * The arguments that a person has typed: all of it where it is one JSON value, else one a line, each of them JSON where it
 * parses and text where it does not, as on the command line. Nothing is none.
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

/** The same call as a command line of `kitectl`. */
export function commandLine(method: string, typed: string, path: string): string {
  const args = parseArguments(typed).map((arg) => {
    const word = typeof arg === 'string' && !parse(arg) ? arg : JSON.stringify(arg);
    return shellWord(word);
  });
  const words = ['kitectl', 'call', shellWord(method), '--to', shellWord(path)];
  // Behind the dashes, -4 is a number and no flag.
  return [...words, ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
}

function shellWord(text: string): string {
  return /^[\w/.:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
