import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { JsonSchema } from '../../index.js';
import { configurationError } from '../runtime/cli-error.js';
import { messageOf } from '../../util/message-of.js';
import { isAsyncGenerator } from '../../kite/serve/method.js';
import type { ServedMethod } from './served-method.js';

/** An exported function, with optional metadata. */
type ExportedFunction = ((this: unknown, ...args: unknown[]) => unknown) & {
  readonly description?: unknown;
  readonly jsonSchema?: unknown;
};

/**
 * Returns the functions that a module exports by name or in its default export as methods. A function is called with the
 * arguments of the call and with the request as `this`. Its properties `description` and `jsonSchema` are included in the
 * result of `kite.describe`.
 *
 * @throws CliError if the module cannot be loaded or does not export any function
 */
export async function moduleMethods(file: string): Promise<Map<string, ServedMethod>> {
  const path = resolve(file);
  const stats = await stat(path).catch(() => undefined);
  if (!stats?.isFile())
    throw configurationError(
      `There is no module ${file}.`,
      'Pass the path of a JavaScript file, such as ./kite.js.',
    );
  const { importExports } = await import('../runtime/import-module.js');
  let moduleExports: Readonly<Record<string, unknown>>;
  try {
    const { exports } = await importExports(pathToFileURL(path).href);
    moduleExports = exports as Readonly<Record<string, unknown>>;
  } catch (error) {
    const reason = messageOf(error);
    throw configurationError(
      `${file} cannot be loaded: ${reason}`,
      `Find the cause with: node ${file}`,
      error,
    );
  }
  const { default: defaultExport, ...named } = moduleExports;
  const methods = new Map<string, ServedMethod>();
  for (const exported of [typeof defaultExport === 'object' ? defaultExport : {}, named]) {
    for (const [name, value] of Object.entries(exported ?? {})) {
      // Node also exports the exports of a CommonJS module by this name.
      if (typeof value === 'function' && name !== 'module.exports')
        methods.set(name, toServedMethod(value as ExportedFunction));
    }
  }
  if (methods.size > 0) return methods;
  throw configurationError(
    `${file} exports no functions.`,
    'Each exported function becomes a method: export function square(n) { return n * n; }',
  );
}

function toServedMethod(fn: ExportedFunction): ServedMethod {
  const { description, jsonSchema } = fn;
  return {
    handler: (request) => fn.apply(request, request.args),
    streams: isAsyncGenerator(fn),
    ...(typeof description === 'string' && { description }),
    ...(typeof jsonSchema === 'object' && jsonSchema !== null && { jsonSchema: jsonSchema as JsonSchema }),
  };
}
