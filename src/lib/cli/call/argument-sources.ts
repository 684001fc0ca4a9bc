import { defaultLimits } from '../../kite/limits/kite-limits.js';
import {
  CALLBACK_PLACEHOLDER,
  parseArgument,
  parseJsonArgument,
  QUOTING_HINT,
  verbatim,
  type WordSource,
} from './arguments.js';
import { buildObject, type FieldName, parseField } from './fields.js';
import { ByteStream, closeStreams, openFile } from './byte-stream.js';
import { type CliError, configurationError, usageError } from '../runtime/cli-error.js';
import type { Input } from '../runtime/command-runtime.js';
import { errorCode } from '../../util/error-code.js';
import { systemErrorReason } from '../../util/system-error.js';

/** How content is sent: like a word of the command line, as JSON, as a string, as bytes, or as a stream of bytes. */
type ContentType = 'word' | 'json' | 'text' | 'bytes' | 'stream';

/** An argument on the command line: a value, or the source to read it from. */
export type ArgumentSource =
  | { readonly type: 'value'; readonly value: unknown }
  /** A string that is sent as it is. */
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'stdin'; readonly content: ContentType }
  /** `word` is how the user wrote it. */
  | { readonly type: 'file'; readonly file: string; readonly content: ContentType; readonly word: string }
  | { readonly type: 'object'; readonly fields: readonly ObjectField[] };

/** A field of an object that is built from flags. */
interface ObjectField extends FieldName {
  readonly source: ArgumentSource;
}

/**
 * Parses a word of the command line: `-` and `@-` are standard input, `@PATH` a file, and anything else a value. `@json:PATH`,
 * `@text:PATH`, `@bytes:PATH` and `@stream:PATH` say what the content is, and a word that begins with `@@` is a string that begins
 * with `@`. With `callback`, `@callback` is the placeholder of the function and not a file. `origin` is where the word comes from,
 * if it is not an argument.
 *
 * @throws CliError if the word begins like JSON and is not valid
 */
export function parseArgumentSource(word: string, callback: boolean, origin?: WordSource): ArgumentSource {
  if (word === '-') return { type: 'stdin', content: 'word' };
  if (word.startsWith('@@')) return { type: 'text', value: word.slice(1) };
  if (!word.startsWith('@') || word === '@' || (callback && word === CALLBACK_PLACEHOLDER))
    return { type: 'value', value: parseArgument(word, origin) };
  const [, type, path = ''] = /^@(?:(json|text|bytes|stream):)?(.*)$/s.exec(word) ?? [];
  const content = (type ?? 'word') as ContentType;
  if (path === '')
    throw usageError(`${word} has no path.`, `Add it: ${word}PATH, or ${word}- for standard input.`);
  return path === '-' ? { type: 'stdin', content } : { type: 'file', file: path, content, word };
}

/**
 * Returns the object that `--raw-field` and `--field` build from NAME=VALUE: the values of the first are strings, those of the
 * second are parsed like arguments. Returns undefined if there are none.
 *
 * @throws CliError if a name or a value is invalid
 */
export function objectSource(
  raw: readonly string[],
  typed: readonly string[],
  callback: boolean,
): ArgumentSource | undefined {
  const rawFields = raw.map((text): ObjectField => {
    const { value, ...name } = parseField('--raw-field', text);
    return { ...name, source: { type: 'text', value } };
  });
  const typedFields = typed.map((text): ObjectField => {
    const { value, ...name } = parseField('--field', text);
    const subject = `The value of the field ${name.name}`;
    const hint = `${QUOTING_HINT} To send a field as a string, use --raw-field.`;
    return { ...name, source: parseArgumentSource(value, callback, { subject, hint }) };
  });
  const fields = [...rawFields, ...typedFields];
  return fields.length === 0 ? undefined : { type: 'object', fields };
}

/**
 * Returns the values of arguments. Files that are streams are open, until they have been read or `closeStreams` is called.
 *
 * @throws CliError if a source cannot be read, is too long, is not valid UTF-8, or is not the JSON that it has to be
 */
export async function readArguments(args: readonly ArgumentSource[], stdin: Input): Promise<unknown[]> {
  if (args.flatMap(sourcesIn).filter(({ type }) => type === 'stdin').length > 1) {
    throw usageError(
      'Standard input can be read only once, so only one argument can be - or @TYPE:-.',
      'To send - as a string, use --string.',
    );
  }
  return readSources(args, stdin);
}

/** Reads all sources. If one of them fails, the streams of the others are closed. */
async function readSources(sources: readonly ArgumentSource[], stdin: Input): Promise<unknown[]> {
  const outcomes = await Promise.allSettled(sources.map((source) => readSource(source, stdin)));
  const values = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : undefined));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (!failed) return values;
  await closeStreams(values);
  throw failed.reason;
}

/** Whether an argument is the stream of standard input. */
export function streamsStdin(args: readonly ArgumentSource[]): boolean {
  return args.flatMap(sourcesIn).some((source) => source.type === 'stdin' && source.content === 'stream');
}

function sourcesIn(source: ArgumentSource): readonly ArgumentSource[] {
  return source.type === 'object' ? source.fields.map((field) => field.source) : [source];
}

async function readSource(source: ArgumentSource, stdin: Input): Promise<unknown> {
  switch (source.type) {
    case 'value':
      return source.value;
    case 'text':
      return verbatim(source.value);
    case 'stdin':
      return source.content === 'stream'
        ? ByteStream.of(stdin)
        : decodeContent(await readAll(stdin, 'Standard input', '-'), source.content, 'Standard input', '-');
    case 'file': {
      const { file, content, word } = source;
      return readable(word, async () =>
        content === 'stream'
          ? ByteStream.open(file)
          : decodeContent(await readAll(await openFile(file), file, file), content, file, file),
      );
    }
    case 'object': {
      const { fields } = source;
      const values = await readSources(
        fields.map((field) => field.source),
        stdin,
      );
      return buildObject(fields.map(({ name, keys }, at) => ({ name, keys, value: values[at] })));
    }
  }
}

/** Decodes content. A final newline is not part of a word. */
function decodeContent(
  bytes: Buffer,
  content: Exclude<ContentType, 'stream'>,
  subject: string,
  path: string,
): unknown {
  if (content === 'bytes') return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: content === 'text' }).decode(bytes);
  } catch {
    throw usageError(`${subject} is not valid UTF-8.`, `To send its bytes, use @bytes:${path}`);
  }
  const source: WordSource = { subject, hint: `To send it as a string, use @text:${path}` };
  switch (content) {
    case 'json':
      return parseJsonArgument(text, source);
    case 'text':
      return verbatim(text);
    case 'word':
      return parseArgument(text.replace(/\r?\n$/, ''), source);
  }
}

/** @throws CliError that names the word, if the file cannot be read */
async function readable<Content>(word: string, read: () => Promise<Content>): Promise<Content> {
  try {
    return await read();
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
    const reason = systemErrorReason(error);
    throw configurationError(`Cannot read ${word}: ${reason}`, `To send it as a string, use @${word}`, error);
  }
}

async function readAll(input: AsyncIterable<unknown>, source: string, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer);
    length += bytes.length;
    if (length > defaultLimits.messageBytes) throw tooLong(source, path);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function tooLong(source: string, path: string): CliError {
  return usageError(
    `${source} is longer than ${defaultLimits.messageBytes} bytes, the maximum of a message.`,
    `If the method reads a stream, use @stream:${path}`,
  );
}
