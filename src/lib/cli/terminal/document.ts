import { toJson } from '../runtime/json.js';
import type { OutputFormat } from './output-format.js';

/** A format for programs. */
export type DataFormat = Extract<OutputFormat, 'json' | 'ndjson' | 'yaml'>;

export function isDataFormat(format: OutputFormat | undefined): format is DataFormat {
  return format === 'json' || format === 'ndjson' || format === 'yaml';
}

/** Formats a value, including the final newline. */
export type DocumentWriter = (value: unknown) => string;

/**
 * Returns the function that formats successive values: JSON as one line each, YAML as one document each of a stream.
 *
 * Loads the YAML library on demand.
 */
export async function documentWriter(format: DataFormat): Promise<DocumentWriter> {
  if (format !== 'yaml') return (value) => `${toJson(value)}\n`;
  const { toYaml } = await import('./yaml.js');
  let first = true;
  return (value) => {
    const text = first ? toYaml(value) : `---\n${toYaml(value)}`;
    first = false;
    return text;
  };
}
