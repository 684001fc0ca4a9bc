import { resolve } from 'node:path';
import type { Environment } from '../../kite/config/resolve-setting.js';
import { usageError } from '../runtime/cli-error.js';
import { requireQuery } from '../target/query-path.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { type Listing, printList } from '../terminal/listing.js';
import { requireConfirmation } from '../terminal/prompt.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { CommandSettings, type ParsedFlags } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { contextSettings } from '../settings/context-settings.js';
import {
  type Context,
  contextFields,
  type Contexts,
  type NamedContext,
  readContexts,
  requireContext,
  requireContextName,
  updateContexts,
} from '../settings/contexts.js';

interface FormatOption {
  readonly format: OutputFormat | undefined;
}

export interface AddContextOptions extends FormatOption {
  readonly name: string;
  readonly context: Context;
  /** Change an existing context of that name; fields that are not set are preserved. */
  readonly force: boolean;
  /** Switch to the context. The first context is always made active. */
  readonly use: boolean;
}

/**
 * Creates a context, or changes one.
 *
 * @throws CliError if the name is invalid, or if the context exists and `force` is false
 */
export async function addContext(options: AddContextOptions, runtime: CommandRuntime): Promise<void> {
  const { name, force, use, format } = options;
  const { env } = runtime;
  requireContextName(name);
  const { current, contexts } = await updateContexts((before) => {
    const old = before.contexts.get(name);
    if (old && !force) {
      throw usageError(
        `The context ${name} already exists.`,
        'Change it with --force; fields that you do not set are preserved.',
      );
    }
    const all = new Map(before.contexts).set(name, { ...old, ...options.context });
    const active = use || before.current === undefined ? name : before.current;
    return { ...withCurrent(before, active), contexts: all };
  }, env);
  const context = contexts.get(name) ?? options.context;
  const line = `Saved the context ${name}.${current === name ? ' It is active.' : ''}`;
  await printContext({ name, context }, current === name, { format, line }, runtime);
}

/**
 * Switches to a context; `-` is the previous one.
 *
 * @throws CliError if there is no such context
 */
export async function useContext(
  { name, format }: FormatOption & { readonly name: string },
  runtime: CommandRuntime,
): Promise<void> {
  const { env } = runtime;
  const after = await updateContexts((before) => {
    const chosen = name === '-' ? before.previous : name;
    if (chosen === undefined) {
      throw usageError('There is no previous context.', 'List the contexts with: kitectl context list');
    }
    requireContext(chosen, before);
    return withCurrent(before, chosen);
  }, env);
  const { current: target = name } = after;
  const context = requireContext(target, after);
  const line = `Switched to the context ${target}.`;
  await printContext({ name: target, context }, true, { format, line }, runtime);
}

interface ContextRow extends NamedContext {
  readonly inUse: boolean;
}

/** Prints all contexts. */
export async function listContexts({ format }: FormatOption, runtime: CommandRuntime): Promise<void> {
  const { env } = runtime;
  const { contexts } = readContexts(env);
  const active = CommandSettings.withoutFlags(env).value(commonSettings.context);
  const rows = Array.from(
    contexts,
    ([name, context]): ContextRow => ({ name, context, inUse: name === active }),
  );
  await printList(rows, listing, format, runtime);
}

const listing: Listing<ContextRow> = {
  emptyMessage: 'No contexts. Create one with: kitectl context add NAME',
  columns: [
    { heading: 'active', text: ({ inUse }) => (inUse ? '*' : '') },
    { heading: 'name', text: ({ name }) => name },
    { heading: 'Kontrol', text: ({ context }) => context.kontrol ?? '' },
    { heading: 'user', text: ({ context }) => context.username ?? '' },
    { heading: 'key store', text: ({ context }) => context.keyStore ?? 'file' },
    { heading: 'key file', text: ({ context }) => context.keyFile ?? '', wide: true },
    { heading: 'to', text: ({ context }) => context.to ?? '', wide: true },
    { heading: 'timeout', text: ({ context }) => context.timeout ?? '', wide: true },
    { heading: 'transport', text: ({ context }) => context.transport ?? '', wide: true },
    { heading: 'CA', text: ({ context }) => context.ca ?? '', wide: true },
    { heading: 'client cert', text: ({ context }) => context.clientCert ?? '', wide: true },
    { heading: 'client key', text: ({ context }) => context.clientKey ?? '', wide: true },
    { heading: 'headers', text: ({ context }) => context.headers ?? '', wide: true },
  ],
  data: ({ name, inUse, context }) => ({ name, inUse, ...context }),
  name: ({ name }) => name,
};

/**
 * Prints a context, by default the active one.
 *
 * @throws CliError if there is no such context, or if none is active
 */
export async function showContext(
  { name, format }: FormatOption & { readonly name: string | undefined },
  runtime: CommandRuntime,
): Promise<void> {
  const { env } = runtime;
  const active = CommandSettings.withoutFlags(env).context;
  const selected = name === undefined ? active : { name, context: requireContext(name, readContexts(env)) };
  if (!selected) {
    throw usageError('No context is active.', 'Create one with: kitectl context add NAME --kontrol URL');
  }
  await printContext(selected, selected.name === active?.name, { format }, runtime);
}

/**
 * Removes a context after confirmation. Its kite key is not removed.
 *
 * @throws CliError if there is no such context, or if the removal is not confirmed
 */
export async function removeContext(
  { name, yes, format }: FormatOption & { readonly name: string; readonly yes: boolean },
  runtime: CommandRuntime,
): Promise<void> {
  const { env } = runtime;
  const { current } = readContexts(env);
  requireContext(name, readContexts(env));
  await requireConfirmation(`Remove the context ${name}? Its kite key is not removed.`, yes, runtime);
  await updateContexts((before) => {
    const remaining = new Map(before.contexts);
    remaining.delete(name);
    return {
      ...(before.current !== undefined && before.current !== name && { current: before.current }),
      ...(before.previous !== undefined && before.previous !== name && { previous: before.previous }),
      contexts: remaining,
    };
  }, env);
  const fields = [{ label: 'Removed', value: name }];
  const lines = [`Removed the context ${name}.${current === name ? ' No context is active.' : ''}`];
  await printDetails({ fields, data: { removed: name }, name, lines }, format, runtime);
}

/** Makes another context the active one, and the active one the previous one. */
function withCurrent(contexts: Contexts, current: string): Contexts {
  const previous = current === contexts.current ? contexts.previous : contexts.current;
  return { current, ...(previous !== undefined && { previous }), contexts: contexts.contexts };
}

async function printContext(
  { name, context }: NamedContext,
  inUse: boolean,
  { format, line }: FormatOption & { readonly line?: string },
  runtime: CommandRuntime,
): Promise<void> {
  const fields = [
    { label: 'name', value: name },
    ...contextFields.flatMap((label) => {
      const value = context[label];
      return value === undefined ? [] : [{ label, value }];
    }),
    { label: 'active', value: inUse ? 'yes' : 'no' },
  ];
  await printDetails(
    { fields, data: { name, inUse, ...context }, name, ...(line !== undefined && { lines: [line] }) },
    format,
    runtime,
  );
}

/**
 * Returns the context that the flags of `context add` describe.
 *
 * @throws CliError if the value of a flag is invalid
 */
export function contextFromFlags(flags: ParsedFlags, env: Environment): Context {
  const settings = CommandSettings.fromFlags(contextSettings, flags, env);
  const to = settings.hasFlag(commonSettings.to) ? settings.value(commonSettings.to) : undefined;
  if (to?.type === 'query') requireQuery(to.path, '--to');
  const setFields = Object.entries(contextSettings).filter(([, setting]) => settings.hasFlag(setting));
  const context: Context = Object.fromEntries(
    setFields.map(([flag, { context: field }]) => [field, flags[flag]]),
  );
  return { ...context, ...absolutePaths(context) };
}

/** Returns the fields of a context that are paths, which are then independent of the current folder. */
function absolutePaths(context: Context): Context {
  const { headers } = context;
  const paths = (['keyFile', 'ca', 'clientCert', 'clientKey'] as const).flatMap((field) => {
    const path = context[field];
    return path === undefined ? [] : [[field, resolve(path)] as const];
  });
  return {
    ...Object.fromEntries(paths),
    ...(headers !== undefined && { headers: `@${resolve(headers.slice(1))}` }),
  };
}
