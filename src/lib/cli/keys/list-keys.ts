import type { OutputFormat } from '../terminal/output-format.js';
import { type Listing, printList } from '../terminal/listing.js';
import { formatTime } from '../terminal/time.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { describeLocation, locationData } from '../settings/key-location.js';
import { expiryOf, secondsOf } from './show-active-key.js';
import { allKeys, entryAccount, type KeyEntry, type KeySearch } from './all-keys.js';

export interface ListKeysOptions extends KeySearch {
  readonly format: OutputFormat | undefined;
}

/** Prints a table of this user's kite keys. The keys themselves are not printed. */
export async function listKeys(options: ListKeysOptions, runtime: CommandRuntime): Promise<void> {
  const entries = await allKeys(options);
  await printList(entries, keyListing, options.format, runtime);
}

const keyListing: Listing<KeyEntry> = {
  columns: [
    { heading: 'active', text: ({ inUse }) => (inUse ? '*' : '') },
    { heading: 'user', text: ({ key, problem }) => key?.username ?? problem },
    { heading: 'Kontrol', text: ({ key }) => key?.kontrolUrl ?? '' },
    { heading: 'location', text: ({ location }) => describeLocation(location) },
    { heading: 'contexts', text: ({ contexts }) => contexts.join(', ') },
    { heading: 'issued', text: ({ key }) => (key ? formatTime(key.issuedAt) : ''), wide: true },
    { heading: 'expires', text: ({ key }) => (key ? expiryOf(key) : ''), wide: true },
    { heading: 'id', text: ({ key }) => key?.id ?? '', wide: true },
  ],
  data: ({ key, location, problem, inUse, contexts }) => ({
    inUse,
    ...(key && {
      username: key.username,
      kontrolURL: key.kontrolUrl,
      id: key.id,
      exp: secondsOf(key.expiresAt),
    }),
    ...locationData(location),
    contexts,
    ...(problem !== '' && { problem }),
  }),
  emptyMessage: 'No kite keys. Get one with: kitectl register --to URL --username NAME',
  name: (entry) => entryAccount(entry) || describeLocation(entry.location),
};
