import { formatDuration } from '../../util/duration.js';
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

/** The labels of the fields of `kontrol.status`. Those of a later version have their names. */
const LABELS: Readonly<Record<string, string>> = {
  url: 'URL',
  version: 'Version',
  kites: 'Registered kites',
  connected: 'Kites connected to this node',
  watchers: 'Watches',
  'storage.name': 'Storage',
  'storage.online': 'Storage is reachable',
  'storage.problem': 'Problem of the storage',
  policy: 'Policy',
  registration: 'Registration',
  uptime: 'Uptime',
  keyId: 'Key pair',
};

const FORMATS: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  'storage.online': (value) => (value === true ? 'yes' : 'no'),
  uptime: (value) => (typeof value === 'number' ? formatDuration(Math.round(value) * 1000) : undefined),
};

function toFields(answer: unknown, prefix = ''): Field[] {
  if (typeof answer !== 'object' || answer === null) return [{ label: 'status', value: String(answer) }];
  return Object.entries(answer).flatMap(([name, value]): Field[] => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return toFields(value, path);
    const text = typeof value === 'string' ? value : toJson(value);
    return [
      {
        label: LABELS[path] ?? path,
        value: FORMATS[path]?.(value) ?? text,
        line: [path.replaceAll('.', ' '), text],
      },
    ];
  });
}

function statusUrl(answer: unknown): string {
  const { url } = (answer ?? {}) as { readonly url?: unknown };
  return typeof url === 'string' ? url : '';
}
