import { describe, expect, it } from 'vitest';
import { sourceFiles } from '../helpers/source-files.js';

const LITERAL = String.raw`('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|${'`(?:[^`\\\\]|\\\\.)*`'})`;

/** The errors of commands, whose messages are sentences. */
const OF_COMMANDS = new RegExp(
  String.raw`\b(?:usageError|configurationError|notFound|notOffered|new CliError)\(\s*${LITERAL}`,
  'g',
);
/** The errors of the library, whose messages are parts of the sentences of others. */
const OF_LIBRARY = new RegExp(
  String.raw`\b(?:new (?:KiteError|ConfigurationError|StorageError)\(\s*'\w+',|codedError\(\s*'\w+',\s*'\w+',)\s*${LITERAL}`,
  'g',
);

/** A message that is the same in the Go implementation. */
const OF_GO = 'The maximum request rate is exceeded.';

function messages(pattern: RegExp): string[] {
  return sourceFiles().flatMap(({ text }) =>
    Array.from(text.matchAll(pattern), ([, literal = '']) => literal.slice(1, -1)),
  );
}

/** Whether a message ends with a value or with the words of another error, such as `…: ${reason}`. */
function endsWithValue(message: string): boolean {
  return /:(?: |\\n)\$\{[^}]*\}?$|\$\{[^}]*$|: [a-z]+$|first: \$\{/.test(message) || message.includes('?? ');
}

describe('the end of error messages', () => {
  it('the messages of commands end with a period unless they end with a value', () => {
    const found = messages(OF_COMMANDS);
    const wrong = found.filter((message) =>
      message.endsWith('.')
        ? /: \$\{[^}]*\}\.$/.test(message)
        : !endsWithValue(message) && !/: .*\}$/.test(message),
    );
    console.log(`Messages of commands: ${found.length}`);
    expect(found.length).toBeGreaterThan(120);
    expect(wrong).toEqual([]);
  });

  it('the messages of the library have no final period', () => {
    const found = messages(OF_LIBRARY);
    console.log(`Messages of the library: ${found.length}`);
    expect(found.length).toBeGreaterThan(80);
    expect(found.filter((message) => message.endsWith('.') && message !== OF_GO)).toEqual([]);
  });
});
