import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withFileLock, writeFiles } from '../../keys/index.js';
import { kiteHome } from '../../kite/config/kite-home.js';
import { refuseOpenFolder } from '../../keys/open-folder.js';
import { formatMode, shellQuote } from '../../keys/secret-access.js';
import { isConfigurationError } from '../../protocol/errors.js';
import { type CliError, configurationError, isCliError, usageError } from '../runtime/cli-error.js';
import { suggest } from '../runtime/suggest.js';
import { messageOf } from '../../util/message-of.js';
import { errorCode } from '../../util/error-code.js';
import { systemErrorReason } from '../../util/system-error.js';
import type { Environment } from '../../kite/config/resolve-setting.js';

export const keyStores = ['file', 'keychain'] as const;

/** Where a kite key is stored: in a file, or in the keychain of the desktop. */
export type KeyStore = (typeof keyStores)[number];

/** The settings of a context. An absent field sets nothing. */
export interface Context {
  /** URLs of Kontrol, separated by commas. */
  readonly kontrol?: string;
  readonly username?: string;
  readonly keyStore?: KeyStore;
  /** File with the kite key. Default: kite.key in the kite home. */
  readonly keyFile?: string;
  /** Default of `--to`. */
  readonly to?: string;
  readonly timeout?: string;
  readonly transport?: string;
  /** File with certificate authorities. */
  readonly ca?: string;
  /** File with the client certificate. */
  readonly clientCert?: string;
  /** File with the private key of the client certificate. */
  readonly clientKey?: string;
  /** File with headers, after `@`. A context contains no headers, because they may be secret. */
  readonly headers?: string;
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
  'ca',
  'clientCert',
  'clientKey',
  'headers',
] as const satisfies readonly ContextField[];

export interface Contexts {
  /** Name of the active context. */
  readonly current?: string;
  /** Name of the previous context, for `context -`. */
  readonly previous?: string;
  readonly contexts: ReadonlyMap<string, Context>;
}

/** A context with its name. */
export interface NamedContext {
  readonly name: string;
  readonly context: Context;
}

/** Returns the path of the file with the contexts. */
export function contextsPath(env: Environment): string {
  return join(kiteHome(env), 'contexts.json');
}

/**
 * Reads the contexts. Returns no contexts if the file does not exist.
 *
 * @throws CliError if the file cannot be read or is invalid
 */
export function readContexts(env: Environment): Contexts {
  const file = contextsPath(env);
  let text: string;
  try {
    const { mode } = statSync(file);
    refuseOpenFolder(dirname(file), 'the contexts');
    if (process.platform !== 'win32' && (mode & 0o022) !== 0) throw writableByOthers(file, mode);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { contexts: new Map() };
    if (isCliError(error) || isConfigurationError(error)) throw error;
    throw unreadableContexts(file, systemErrorReason(error), error);
  }
  try {
    return parseContexts(JSON.parse(text));
  } catch (error) {
    throw unreadableContexts(file, messageOf(error), error);
  }
}

function writableByOthers(file: string, mode: number): CliError {
  return configurationError(
    `Other users can change ${file} (mode ${formatMode(mode)}), and with it the Kontrol and the kite key of your commands.`,
    `Restrict it with: chmod 600 ${shellQuote(file)}`,
  );
}

/**
 * Changes the contexts, while no other process does. Resolves with the new contexts.
 *
 * @throws CliError or ConfigurationError if they cannot be read or written, and what `change` throws
 */
export async function updateContexts(
  change: (contexts: Contexts) => Contexts,
  env: Environment,
): Promise<Contexts> {
  refuseOpenFolder(kiteHome(env), 'the contexts');
  return withFileLock(contextsPath(env), async () => {
    const changed = change(readContexts(env));
    await writeContexts(changed, env);
    return changed;
  });
}

/** Writes the contexts atomically. To change them, use `updateContexts`. */
export async function writeContexts(
  { current, previous, contexts }: Contexts,
  env: Environment,
): Promise<void> {
  const value = { current, previous, contexts: Object.fromEntries(contexts) };
  const content = `${JSON.stringify(value, null, 2)}\n`;
  refuseOpenFolder(kiteHome(env), 'the contexts');
  await writeFiles([{ path: contextsPath(env), content, mode: 0o600 }], { force: true });
}

/**
 * Returns the context with a name.
 *
 * @throws CliError if there is none
 */
export function requireContext(name: string, { contexts }: Contexts): Context {
  const context = contexts.get(name);
  if (context) return context;
  const near = suggest(name, contexts.keys());
  throw usageError(
    `No such context: ${name}`,
    near === undefined ? 'List the contexts with: kitectl context list' : `Did you mean ${near}?`,
  );
}

/** @throws CliError if `name` is not a valid name of a context */
export function requireContextName(name: string): string {
  if (/^\w[\w.@-]{0,63}$/.test(name)) return name;
  throw usageError(
    `Invalid context name ${JSON.stringify(name)}: use at most 64 letters, digits, ".", "@", "_" and "-".`,
  );
}

/** @throws TypeError if the value is not a valid file of contexts */
function parseContexts(value: unknown): Contexts {
  const { current, previous, contexts } = requireRecord(value, 'the content');
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

function requireRecord(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new TypeError(`${name} is not an object`);
}

function unreadableContexts(file: string, reason: string, cause: unknown): CliError {
  return configurationError(
    `Cannot read the contexts in ${file}: ${reason}.`,
    'Fix or remove the file; it contains no keys.',
    cause,
  );
}
