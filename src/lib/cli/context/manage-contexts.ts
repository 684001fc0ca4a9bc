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
  writeContexts,
} from '../settings/contexts.js';

interface Formatted {
  readonly format: OutputFormat | undefined;
}

export interface AddOptions extends Formatted {
  readonly name: string;
  readonly context: Context;
  /** Change what a context of that name says, where there is one. */
  readonly force: boolean;
  /** Work in it from now on. The first one is in use anyway. */
  readonly use: boolean;
}

/** Makes a context, or changes one. */
export async function addContext(options: AddOptions, runtime: CommandRuntime): Promise<void> {
  const { name, force, use, format } = options;
  const { env } = runtime;
  const contexts = readContexts(env);
  requireContextName(name);
  const old = contexts.contexts.get(name);
  if (old && !force) {
    throw usageError(
      `There is a context ${name} already.`,
      'Change it with --force, which keeps what you do not name.',
    );
  }
  const context = { ...old, ...options.context };
  const current = use || contexts.current === undefined ? name : contexts.current;
  await writeContexts(
    { ...switched(contexts, current), contexts: new Map(contexts.contexts).set(name, context) },
    env,
  );
  const text = current === name ? `You work in the context ${name} now.\n` : `Made the context ${name}.\n`;
  await printContext({ name, context }, current === name, { format, text }, runtime);
}

/** Works in a context from now on. `-` is the one before. */
export async function useContext(
  { name, format }: Formatted & { readonly name: string },
  runtime: CommandRuntime,
): Promise<void> {
  const { env } = runtime;
  const contexts = readContexts(env);
  const wanted = name === '-' ? contexts.previous : name;
  if (wanted === undefined) {
    throw usageError('There was no other context before.', 'See what there is with: kitectl context list');
  }
  const context = requireContext(wanted, contexts);
  await writeContexts(switched(contexts, wanted), env);
  const text = `You work in the context ${wanted} now.\n`;
  await printContext({ name: wanted, context }, true, { format, text }, runtime);
}

interface Row extends NamedContext {
  readonly inUse: boolean;
}

/** Prints all contexts. */
export async function listContexts({ format }: Formatted, runtime: CommandRuntime): Promise<void> {
  const { env } = runtime;
  const { contexts } = readContexts(env);
  const used = CommandSettings.withoutFlags(env).value(commonSettings.context);
  const rows = Array.from(contexts, ([name, context]): Row => ({ name, context, inUse: name === used }));
  await printList(rows, listing, format, runtime);
}

const listing: Listing<Row> = {
  emptyMessage: 'There is no context. Make one with: kitectl context add NAME',
  columns: [
    { heading: 'used', text: ({ inUse }) => (inUse ? '*' : '') },
    { heading: 'name', text: ({ name }) => name },
    { heading: 'Kontrol', text: ({ context }) => context.kontrol ?? '' },
    { heading: 'user', text: ({ context }) => context.username ?? '' },
    { heading: 'key store', text: ({ context }) => context.keyStore ?? 'file' },
    { heading: 'key file', text: ({ context }) => context.keyFile ?? '', wide: true },
    { heading: 'to', text: ({ context }) => context.to ?? '', wide: true },
    { heading: 'timeout', text: ({ context }) => context.timeout ?? '', wide: true },
    { heading: 'transport', text: ({ context }) => context.transport ?? '', wide: true },
  ],
  data: ({ name, inUse, context }) => ({ name, inUse, ...context }),
  name: ({ name }) => name,
};

/** Prints a context, by default the one in use. */
export async function showContext(
  { name, format }: Formatted & { readonly name: string | undefined },
  runtime: CommandRuntime,
): Promise<void> {
  const { env } = runtime;
  const used = CommandSettings.withoutFlags(env).context;
  const shown = name === undefined ? used : { name, context: requireContext(name, readContexts(env)) };
  if (!shown) {
    throw usageError('You work in no context.', 'Make one with: kitectl context add NAME --kontrol URL');
  }
  await printContext(shown, shown.name === used?.name, { format }, runtime);
}

/** Removes a context, once the person says that they mean it. No key goes with it. */
export async function removeContext(
  { name, yes, format }: Formatted & { readonly name: string; readonly yes: boolean },
  runtime: CommandRuntime,
): Promise<void> {
  const { env } = runtime;
  const contexts = readContexts(env);
  requireContext(name, contexts);
  await requireConfirmation(`Remove the context ${name}? Its kite key stays where it is.`, yes, runtime);
  const left = new Map(contexts.contexts);
  left.delete(name);
  const { current, previous } = contexts;
  await writeContexts(
    {
      ...(current !== undefined && current !== name && { current }),
      ...(previous !== undefined && previous !== name && { previous }),
      contexts: left,
    },
    env,
  );
  const fields = [{ label: 'Removed', value: name }];
  const text = `Removed the context ${name}.${current === name ? ' No context is active.' : ''}\n`;
  await printDetails({ fields, data: { removed: name }, name, text }, format, runtime);
}

/** The contexts, with another one in use. */
function switched(contexts: Contexts, current: string): Contexts {
  const previous = current === contexts.current ? contexts.previous : contexts.current;
  return { current, ...(previous !== undefined && { previous }), contexts: contexts.contexts };
}

async function printContext(
  { name, context }: NamedContext,
  inUse: boolean,
  { format, text }: Formatted & { readonly text?: string },
  runtime: CommandRuntime,
): Promise<void> {
  const fields = [
    { label: 'name', value: name },
    ...contextFields.flatMap((label) => {
      const value = context[label];
      return value === undefined ? [] : [{ label, value }];
    }),
    { label: 'in use', value: inUse ? 'yes' : 'no' },
  ];
  await printDetails(
    { fields, data: { name, inUse, ...context }, name, ...(text !== undefined && { text }) },
    format,
    runtime,
  );
}

/**
 * What the flags of `context add` set in a context.
 *
 * @throws CliError where one has a value that is not accepted
 */
export function contextOf(flags: ParsedFlags, env: Environment): Context {
  const settings = CommandSettings.fromFlags(contextSettings, flags, env);
  const to = settings.hasFlag(commonSettings.to) ? settings.value(commonSettings.to) : undefined;
  if (to?.type === 'query') requireQuery(to.path, '--to');
  const given = Object.entries(contextSettings).filter(([, setting]) => settings.hasFlag(setting));
  const context: Context = Object.fromEntries(
    given.map(([flag, { context: field }]) => [field, flags[flag]]),
  );
  return { ...context, ...(context.keyFile !== undefined && { keyFile: resolve(context.keyFile) }) };
}
