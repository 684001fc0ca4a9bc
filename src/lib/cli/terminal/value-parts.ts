import { isComposite } from '../runtime/json.js';

/** Number of values that are converted to text at once. */
const VALUES_PER_PIECE = 1000;

/** An array or an object of JSON. */
export type Collection = readonly unknown[] | Readonly<Record<string, unknown>>;

/** A part of a collection: some of its entries, of the same type as the collection, or one large entry. */
export type ValuePart =
  | { readonly type: 'entries'; readonly value: Collection }
  | { readonly type: 'large'; readonly key: string; readonly value: Collection };

/** Whether a value consists of so many values that its text should be made in pieces. */
export function isLarge(value: unknown): value is Collection {
  return countValues(value, VALUES_PER_PIECE) > VALUES_PER_PIECE;
}

/** Divides a large collection into parts. */
export function* partsOf(collection: Collection): Generator<ValuePart> {
  const isArray = Array.isArray(collection);
  let entries: [key: string, value: unknown][] = [];
  let count = 0;
  const take = (): ValuePart => {
    const value = isArray ? entries.map(([, entry]) => entry) : Object.fromEntries(entries);
    entries = [];
    count = 0;
    return { type: 'entries', value };
  };
  for (const [key, value] of entriesOf(collection)) {
    const size = countValues(value, VALUES_PER_PIECE);
    if (size > VALUES_PER_PIECE) {
      if (entries.length > 0) yield take();
      yield { type: 'large', key, value: value as Collection };
      continue;
    }
    entries.push([key, value]);
    count += size;
    if (count >= VALUES_PER_PIECE) yield take();
  }
  if (entries.length > 0) yield take();
}

// `Object.entries` would create all pairs at once.
function* entriesOf(collection: Collection): Generator<[key: string, value: unknown]> {
  if (Array.isArray(collection)) {
    for (const value of collection as readonly unknown[]) yield ['', value];
    return;
  }
  const object = collection as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(object)) yield [key, object[key]];
}

/** Counts a value and the values in it, at least up to `max` + 1. */
function countValues(value: unknown, max: number): number {
  if (!isComposite(value)) return 1;
  let count = 1;
  for (const [, entry] of entriesOf(value as Collection)) {
    count += countValues(entry, max - count);
    if (count > max) break;
  }
  return count;
}
