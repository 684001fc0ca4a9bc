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

/** How a field of `kontrol.status` is shown on a terminal. */
interface Shown {
  readonly label: string;
  /** Returns undefined for a value of another type. Default: the value in a line. */
  readonly format?: (value: unknown) => string | undefined;
}

/** The known fields. Those of a later version are shown with their names. A map, because Kontrol chooses the names. */
const SHOWN: ReadonlyMap<string, Shown> = new Map<string, Shown>([
  ['url', { label: 'URL' }],
  ['version', { label: 'Version' }],
  ['kites', { label: 'Registered kites' }],
  ['connected', { label: 'Kites connected to this node' }],
  ['watchers', { label: 'Watches' }],
  ['storage.name', { label: 'Storage' }],
  ['storage.online', { label: 'Storage is reachable', format: (value) => (value === true ? 'yes' : 'no') }],
  ['storage.problem', { label: 'Problem of the storage' }],
  ['policy', { label: 'Policy' }],
  ['registration', { label: 'Registration' }],
  ['uptime', { label: 'Uptime', format: formatSeconds }],
  ['keyId', { label: 'Key pair' }],
]);

function formatSeconds(value: unknown): string | undefined {
  return typeof value === 'number' ? formatDuration(Math.round(value) * 1000) : undefined;
}

function* toFields(answer: unknown, prefix = ''): Generator<Field> {
  if (typeof answer !== 'object' || answer === null) {
    yield { label: 'status', value: String(answer) };
    return;
  }
  for (const [name, value] of Object.entries(answer) as [string, unknown][]) {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      yield* toFields(value, path);
      continue;
    }
    const text = typeof value === 'string' ? value : toJson(value);
    const { label = path, format } = SHOWN.get(path) ?? {};
    yield { label, value: format?.(value) ?? text, line: [path.replaceAll('.', ' '), text] };
  }
}

function statusUrl(answer: unknown): string {
  const { url } = (answer ?? {}) as { readonly url?: unknown };
  return typeof url === 'string' ? url : '';
}
