import { toJson } from '../runtime/json.js';
import type { OutputFormat } from './output-format.js';

/** A format that shows the thing itself, rather than words about it. */
export type DataFormat = Extract<OutputFormat, 'json' | 'ndjson' | 'yaml'>;

export function isDataFormat(format: OutputFormat | undefined): format is DataFormat {
  return format === 'json' || format === 'ndjson' || format === 'yaml';
}

/** Makes the text of one value, its newline included. */
export type DocumentWriter = (value: unknown) => string;

/**
 * How values are written, one after the other: JSON on a line of its own, YAML as a document of a stream.
 *
 * The library for YAML is loaded only where YAML is asked for.
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
