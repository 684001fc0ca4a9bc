import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { JsonSchema } from '../../index.js';
import { configurationError } from '../runtime/cli-error.js';
import { messageOf } from '../../util/message-of.js';
import type { ServedMethod } from './served-method.js';

/** A function of a module, with what it may say of itself. */
type Exported = ((this: unknown, ...args: unknown[]) => unknown) & {
  readonly description?: unknown;
  readonly jsonSchema?: unknown;
};

/**
 * The functions that a module exports by name, or in the object that is its default export, as methods. A function is
 * called with the arguments of the call; `this` is the request. It may have properties `description` and `jsonSchema`,
 * which `kite.describe` tells.
 *
 * @throws CliError where the module cannot be loaded, or exports no function
 */
export async function moduleMethods(file: string): Promise<Map<string, ServedMethod>> {
  const path = resolve(file);
  const kind = await stat(path).catch(() => undefined);
  if (!kind?.isFile())
    throw configurationError(`There is no module ${file}.`, 'Name a JavaScript file: ./kite.js');
  const { importModule } = await import('../runtime/import-module.js');
  let loaded: Readonly<Record<string, unknown>>;
  try {
    loaded = (await importModule(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    const reason = messageOf(error);
    throw configurationError(`${file} cannot be loaded: ${reason}`, `See where with: node ${file}`, error);
  }
  const { default: whole, ...named } = loaded;
  const methods = new Map<string, ServedMethod>();
  for (const exported of [typeof whole === 'object' ? whole : {}, named]) {
    for (const [name, value] of Object.entries(exported ?? {})) {
      // What a CommonJS module exports shows under this name, too.
      if (typeof value === 'function' && name !== 'module.exports')
        methods.set(name, served(value as Exported));
    }
  }
  if (methods.size > 0) return methods;
  throw configurationError(
    `${file} exports no functions.`,
    'Each exported function becomes a method: export function square(n) { return n * n; }',
  );
}

function served(fn: Exported): ServedMethod {
  const { description, jsonSchema } = fn;
  return {
    handler: (request) => fn.apply(request, request.args),
    ...(typeof description === 'string' && { description }),
    ...(typeof jsonSchema === 'object' && jsonSchema !== null && { jsonSchema: jsonSchema as JsonSchema }),
  };
}
