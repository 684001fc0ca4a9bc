import { toJson } from '../runtime/json.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { type Field, printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { callAdminMethod } from './kontrol-admin.js';

/**
 * Prints the status of Kontrol. Data formats contain the result of `kontrol.status`.
 *
 * @throws CliError if Kontrol cannot be reached or rejects the call
 */
export async function kontrolStatus(
  options: KontrolCommandOptions & { readonly format: OutputFormat | undefined },
  runtime: CommandRuntime,
): Promise<void> {
  const answer = await callAdminMethod(options, 'kontrol.status', [], runtime);
  await printDetails(
    { fields: toFields(answer), data: answer, name: statusUrl(answer) },
    options.format,
    runtime,
  );
}

function toFields(answer: unknown, prefix = ''): Field[] {
  if (typeof answer !== 'object' || answer === null) return [{ label: 'status', value: String(answer) }];
  return Object.entries(answer).flatMap(([name, value]): Field[] => {
    const label = prefix === '' ? name : `${prefix} ${name}`;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return toFields(value, label);
    return [{ label, value: typeof value === 'string' ? value : toJson(value) }];
  });
}

function statusUrl(answer: unknown): string {
  const { url } = (answer ?? {}) as { readonly url?: unknown };
  return typeof url === 'string' ? url : '';
}
