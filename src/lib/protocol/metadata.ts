import { jsonObject } from '../util/record.js';
import { exceedsBytes } from '../util/utf8.js';
import { KiteError } from './errors.js';
import type { MetadataLimits } from './protocol-limits.js';

/** Strings that a caller sends with a call, by name. */
export type Metadata = Readonly<Record<string, string>>;

export const NO_METADATA: Metadata = Object.freeze(Object.create(null) as Metadata);

/**
 * Returns a copy of the metadata of a call, without a prototype.
 *
 * @throws KiteError `argumentError` if it is not an object of strings, or exceeds a limit
 */
export function checkedMetadata(
  value: unknown,
  { metadataEntries, metadataBytes }: MetadataLimits,
): Metadata {
  const entries = Object.entries(jsonObject(value) ?? { '': 0 });
  const problem = entries.some(([, text]) => typeof text !== 'string')
    ? 'not an object of strings'
    : entries.length > metadataEntries
      ? `more than ${metadataEntries} entries (limits.metadataEntries)`
      : exceedsBytes(entries.flat().join(''), metadataBytes)
        ? `more than ${metadataBytes} bytes (limits.metadataBytes)`
        : undefined;
  if (problem) throw new KiteError('argumentError', `The metadata of the call is ${problem}`);
  return Object.assign(Object.create(null) as object, value) as Metadata;
}
