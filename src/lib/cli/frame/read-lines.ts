import type { Readable } from 'node:stream';
import { usageError } from '../runtime/cli-error.js';

export interface Line {
  readonly text: string;
  /** Line number, from 1. Empty lines count. */
  readonly number: number;
}

/**
 * Yields the non-empty lines of a stream, and reads it only as fast as the lines are consumed. A byte order mark at the start
 * and a carriage return before a newline are removed.
 *
 * @throws CliError if a line is longer than `maxLength` characters or is not valid UTF-8
 */
export async function* readLines(input: Readable, maxLength: number): AsyncGenerator<Line> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let number = 0;
  let rest = '';
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch {
      throw usageError(`Standard input is not valid UTF-8 after line ${number}.`);
    }
  };
  for await (const chunk of input as AsyncIterable<Uint8Array | string>) {
    const lines = (typeof chunk === 'string' ? chunk : decode(chunk)).split('\n');
    lines[0] = rest + (lines[0] ?? '');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      number++;
      if (line.trim() !== '') yield { text: checkLength(line, number, maxLength), number };
    }
    checkLength(rest, number + 1, maxLength);
  }
  rest += decode();
  if (rest.trim() !== '') yield { text: checkLength(rest, number + 1, maxLength), number: number + 1 };
}

function checkLength(line: string, number: number, maxLength: number): string {
  if (line.length <= maxLength) return line;
  throw usageError(`Line ${number} of standard input is longer than ${maxLength} characters.`);
}
