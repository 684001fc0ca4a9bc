import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFiles } from '../../keys/index.js';
import { kiteHome } from '../../kite/config/kite-home.js';
import { errorCode, reasonOf } from '../../keys/secure-files.js';
import { type CliError, configurationError, usageError } from '../runtime/cli-error.js';
import { suggest } from '../runtime/suggest.js';
import { messageOf } from '../../util/message-of.js';

type Environment = Readonly<Record<string, string | undefined>>;

export const keyStores = ['file', 'keychain'] as const;

/** Where a kite key is kept: in a file of the kite home, or with the passwords of the person's desktop. */
export type KeyStore = (typeof keyStores)[number];

/** What a person works with, under a name: another Kontrol, another key, another kite. Empty where nothing is said. */
export interface Context {
  /** URLs of Kontrol, with commas. */
  readonly kontrol?: string;
  readonly username?: string;
  readonly keyStore?: KeyStore;
  /** File with the kite key, where it is not in the kite home. */
  readonly keyFile?: string;
  /** What `--to` is when it is left out. */
  readonly to?: string;
  readonly timeout?: string;
  readonly transport?: string;
}

export type ContextField = keyof Context;

export const contextFields = [
  'kontrol',
  'username',
  'keyStore',
  'keyFile',
  'to',
  'timeout',
  'transport',
] as const satisfies readonly ContextField[];

export interface Contexts {
  /** The name of the one in use. */
  readonly current?: string;
  /** The name of the one that was in use before, for `-`. */
  readonly previous?: string;
  readonly contexts: ReadonlyMap<string, Context>;
}

/** A context and its name. */
export interface NamedContext {
  readonly name: string;
  readonly context: Context;
}

/** The file with the contexts of a kite home. */
export function contextsPath(env: Environment): string {
  return join(kiteHome(env), 'contexts.json');
}

/**
 * The contexts of this person; none where there is no file.
 *
 * @throws CliError where the file cannot be read
 */
export function readContexts(env: Environment): Contexts {
  const file = contextsPath(env);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { contexts: new Map() };
    throw unreadableContexts(file, reasonOf(error), error);
  }
  try {
    return parseContexts(JSON.parse(text));
  } catch (error) {
    throw unreadableContexts(file, messageOf(error), error);
  }
}

/** Writes the contexts; whoever reads meanwhile sees the old ones or the new ones. */
export async function writeContexts(
  { current, previous, contexts }: Contexts,
  env: Environment,
): Promise<void> {
  const value = { current, previous, contexts: Object.fromEntries(contexts) };
  const content = `${JSON.stringify(value, null, 2)}\n`;
  await writeFiles([{ path: contextsPath(env), content, mode: 0o600 }], { force: true });
}

/** @throws CliError where there is no context of that name */
export function requireContext(name: string, { contexts }: Contexts): Context {
  const context = contexts.get(name);
  if (context) return context;
  const near = suggest(name, contexts.keys());
  throw usageError(
    `There is no context ${name}.`,
    near === undefined ? 'See what there is with: kitectl context list' : `Did you mean ${near}?`,
  );
}

/** @throws CliError where a context cannot have that name */
export function requireContextName(name: string): string {
  if (/^\w[\w.@-]{0,63}$/.test(name)) return name;
  throw usageError(
    `A context is named by letters, digits, ".", "@", "_" and "-", 64 at most: ${JSON.stringify(name)}`,
  );
}

/** The text of a JSON value as contexts. */
function parseContexts(value: unknown): Contexts {
  const { current, previous, contexts } = requireRecord(value, 'it');
  const parsed = Object.entries(requireRecord(contexts ?? {}, '"contexts"')).map(
    ([name, context]) => [name, parseContext(context, name)] as const,
  );
  return {
    ...(typeof current === 'string' && { current }),
    ...(typeof previous === 'string' && { previous }),
    contexts: new Map(parsed),
  };
}

function parseContext(value: unknown, name: string): Context {
  const fields = requireRecord(value, `"${name}"`);
  const context: Partial<Record<keyof Context, string>> = {};
  for (const field of contextFields) {
    const text = fields[field];
    if (text === undefined) continue;
    if (typeof text !== 'string') throw new TypeError(`"${field}" of "${name}" is not a string`);
    context[field] = text;
  }
  const { keyStore, ...rest } = context;
  if (keyStore === undefined) return rest;
  if (keyStore !== 'file' && keyStore !== 'keychain') {
    throw new TypeError(`"keyStore" of "${name}" is neither file nor keychain`);
  }
  return { ...rest, keyStore };
}

function requireRecord(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new TypeError(`${what} is not an object`);
}

function unreadableContexts(file: string, reason: string, cause: unknown): CliError {
  return configurationError(
    `The contexts in ${file} cannot be read: ${reason}.`,
    'Fix the file, or remove it to start without contexts; it contains no keys.',
    cause,
  );
}
