import { jsonObject } from '../util/record.js';
import { exceedsBytes, utf8Length } from '../util/utf8.js';
import { KiteError } from './errors.js';
import { type MetadataLimits, QUOTED_LENGTH } from './protocol-limits.js';

/** Strings that a caller sends with a call, by name. */
export type Metadata = Readonly<Record<string, string>>;

export const NO_METADATA: Metadata = Object.freeze(Object.create(null) as Record<string, string>);

/**
 * Returns a copy of the metadata of a call, without a prototype.
 *
 * @throws KiteError `argumentError` if it is not an object of strings, or exceeds a limit
 */
export function checkedMetadata(
  value: unknown,
  { metadataEntries, metadataBytes }: MetadataLimits,
): Metadata {
  const given = jsonObject(value);
  if (!given) throw invalid('is not an object of strings');
  const metadata = Object.create(null) as Record<string, string>;
  let entries = 0;
  let bytes = 0;
  for (const name of Object.keys(given)) {
    const text = given[name];
    if (typeof text !== 'string') throw invalid(`has a value that is not a string at ${quoted(name)}`);
    if (++entries > metadataEntries)
      throw invalid(`has more than ${metadataEntries} entries (limits.metadataEntries)`);
    if (exceedsBytes(name + text, metadataBytes - bytes))
      throw invalid(`is larger than ${metadataBytes} bytes (limits.metadataBytes)`);
    bytes += utf8Length(name + text);
    metadata[name] = text;
  }
  return Object.freeze(metadata);
}

function invalid(problem: string): KiteError {
  return new KiteError('argumentError', `The metadata of the call ${problem}`);
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, QUOTED_LENGTH));
}
