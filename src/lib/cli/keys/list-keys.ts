import type { OutputFormat } from '../terminal/output-format.js';
import { type Listing, printList } from '../terminal/listing.js';
import { formatTime } from '../terminal/time.js';
import type { Surroundings } from '../runtime/command-runtime.js';
import { allKeys, entryAccount, type KeyEntry } from './all-keys.js';
import { describePlace, type KeyChoice, placeData } from '../target/find-key.js';

export interface ListKeysOptions extends KeyChoice {
  /** Look into the keychain though no context uses it. */
  readonly keychain: boolean;
  readonly format: OutputFormat | undefined;
}

/** Prints the kite keys of this person, never a key itself. */
export async function listKeys(options: ListKeysOptions, surroundings: Surroundings): Promise<void> {
  const entries = await allKeys(options, surroundings.env);
  await printList(entries, keys, options.format, surroundings);
}

const keys: Listing<KeyEntry> = {
  columns: [
    { heading: 'used', text: ({ inUse }) => (inUse ? '*' : '') },
    { heading: 'user', text: ({ key, problem }) => key?.username ?? problem },
    { heading: 'Kontrol', text: ({ key }) => key?.kontrolUrl ?? '' },
    { heading: 'place', text: ({ place }) => describePlace(place) },
    { heading: 'contexts', text: ({ contexts }) => contexts.join(', ') },
    { heading: 'issued', text: ({ key }) => (key ? formatTime(key.issuedAt) : ''), wide: true },
    { heading: 'id', text: ({ key }) => key?.id ?? '', wide: true },
  ],
  data: ({ key, place, problem, inUse, contexts }) => ({
    inUse,
    ...(key && { username: key.username, kontrolURL: key.kontrolUrl, id: key.id }),
    ...placeData(place),
    contexts,
    ...(problem !== '' && { problem }),
  }),
  none: 'You have no kite key. Get one with: kitectl register --to URL --username NAME',
  name: (entry) => entryAccount(entry) || describePlace(entry.place),
};
