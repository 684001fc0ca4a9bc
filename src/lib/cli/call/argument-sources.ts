import { open } from 'node:fs/promises';
import { defaultLimits } from '../../kite/limits/kite-limits.js';
import { CALLBACK_PLACEHOLDER, parseArgument } from './arguments.js';
import { type CliError, configurationError, usageError } from '../runtime/cli-error.js';
import type { Input } from '../runtime/command-runtime.js';
import { errorCode } from '../../util/error-code.js';
import { systemErrorReason } from '../../util/system-error.js';

/** An argument on the command line: a value, or the source to read it from. */
export type ArgumentSource =
  | { readonly type: 'value'; readonly value: unknown }
  | { readonly type: 'stdin' }
  | { readonly type: 'file'; readonly file: string };

const quoteHint = (text: string): string => `To send it as a string, quote it twice: '"${text}"'`;

/**
 * Parses a word of the command line: `-` is standard input, `@PATH` a file, anything else a value. With `callback`, `@callback` is
 * the placeholder of the function and not a file.
 */
export function parseArgumentSource(text: string, callback: boolean): ArgumentSource {
  if (text === '-') return { type: 'stdin' };
  if (text.startsWith('@') && text.length > 1 && !(callback && text === CALLBACK_PLACEHOLDER)) {
    return { type: 'file', file: text.slice(1) };
  }
  return { type: 'value', value: parseArgument(text) };
}

/**
 * Returns the values of arguments. The content of a file or of standard input is parsed like a word of the command line, after
 * its final newline is removed.
 *
 * @throws CliError if a source cannot be read, is too long or is not valid UTF-8
 */
export async function readArguments(args: readonly ArgumentSource[], stdin: Input): Promise<unknown[]> {
  if (args.filter(({ type }) => type === 'stdin').length > 1) {
    throw usageError(
      'Only one argument can be -, because standard input can be read only once.',
      quoteHint('-'),
    );
  }
  return Promise.all(args.map((argument) => readArgument(argument, stdin)));
}

async function readArgument(argument: ArgumentSource, stdin: Input): Promise<unknown> {
  switch (argument.type) {
    case 'value':
      return argument.value;
    case 'stdin':
      return decodeArgument(await readAll(stdin, 'Standard input'), 'Standard input');
    case 'file':
      return decodeArgument(await readFileBytes(argument.file), argument.file);
  }
}

function decodeArgument(bytes: Buffer, source: string): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw usageError(`${source} is not valid UTF-8.`, 'An argument must be JSON or a string.');
  }
  return parseArgument(text.replace(/\r?\n$/, ''));
}

async function readFileBytes(file: string): Promise<Buffer> {
  try {
    const handle = await open(file);
    try {
      return await readAll(handle.createReadStream({ autoClose: false }), file);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
    const reason = systemErrorReason(error);
    throw configurationError(`Cannot read the argument @${file}: ${reason}.`, quoteHint(`@${file}`), error);
  }
}

async function readAll(input: AsyncIterable<unknown>, source: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer);
    length += bytes.length;
    if (length > defaultLimits.messageBytes) throw tooLong(source);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function tooLong(source: string): CliError {
  return usageError(
    `${source} is longer than ${defaultLimits.messageBytes} bytes, the maximum of a message.`,
  );
}
