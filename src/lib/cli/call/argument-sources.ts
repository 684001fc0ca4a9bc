import { open } from 'node:fs/promises';
import { defaultLimits } from '../../kite/limits/kite-limits.js';
import { CALLBACK_PLACEHOLDER, parseArgument } from './arguments.js';
import { type CliError, configurationError, usageError } from '../runtime/cli-error.js';
import type { Input } from '../runtime/command-runtime.js';

/** An argument as the command line gives it: a value, or where it is read. */
export type ArgumentSource =
  | { readonly type: 'value'; readonly value: unknown }
  | { readonly type: 'stdin' }
  | { readonly type: 'file'; readonly file: string };

const quoteHint = (text: string): string => `To send it as text, quote it twice: '"${text}"'.`;

/**
 * Tells values from places: `-` is the standard input, `@path` a file, anything else a value. With `callback`, `@callback`
 * is what stands for the function.
 */
export function parseArgumentSource(text: string, callback: boolean): ArgumentSource {
  if (text === '-') return { type: 'stdin' };
  if (text.startsWith('@') && text.length > 1 && !(callback && text === CALLBACK_PLACEHOLDER)) {
    return { type: 'file', file: text.slice(1) };
  }
  return { type: 'value', value: parseArgument(text) };
}

/**
 * The values of arguments. What is read from a file or the standard input is taken like a word of the command line: as
 * JSON where it parses, else as text, without the newline at its end.
 *
 * @throws CliError where something cannot be read, is too long or no UTF-8
 */
export async function readArguments(args: readonly ArgumentSource[], stdin: Input): Promise<unknown[]> {
  if (args.filter(({ type }) => type === 'stdin').length > 1) {
    throw usageError(
      'The standard input can be one argument only, and - stands there twice.',
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
      return decodeArgument(await readAll(stdin, 'The standard input'), 'The standard input');
    case 'file':
      return decodeArgument(await readFileBytes(argument.file), argument.file);
  }
}

function decodeArgument(bytes: Buffer, source: string): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw usageError(`${source} is not valid UTF-8.`, 'An argument is JSON or text.');
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
    const { code, message } = error as { readonly code?: string; readonly message: string };
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
    const reason = code === 'ENOENT' ? 'there is no such file' : message;
    throw configurationError(
      `The argument @${file} cannot be read: ${reason}.`,
      quoteHint(`@${file}`),
      error,
    );
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
  return usageError(`${source} is longer than the ${defaultLimits.messageBytes} bytes that fit a message.`);
}
