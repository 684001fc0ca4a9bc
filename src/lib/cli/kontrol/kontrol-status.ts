import { toJson } from '../runtime/json.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { type Field, printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { administer } from './kontrol-admin.js';

/** Prints how Kontrol is: a table, or what it answered with `json`. */
export async function status(
  options: KontrolCommandOptions & { readonly format: OutputFormat | undefined },
  runtime: CommandRuntime,
): Promise<void> {
  const answer = await administer(options, 'kontrol.status', [], runtime);
  await printDetails({ fields: fields(answer), data: answer, name: urlOf(answer) }, options.format, runtime);
}

function fields(answer: unknown, prefix = ''): Field[] {
  if (typeof answer !== 'object' || answer === null) return [{ label: 'status', value: String(answer) }];
  return Object.entries(answer).flatMap(([name, value]): Field[] => {
    const label = prefix === '' ? name : `${prefix} ${name}`;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return fields(value, label);
    return [{ label, value: typeof value === 'string' ? value : toJson(value) }];
  });
}

function urlOf(answer: unknown): string {
  const { url } = (answer ?? {}) as { readonly url?: unknown };
  return typeof url === 'string' ? url : '';
}
