import { trackResources } from './track-resources.js';

/** What ends with a connection, or has no entry in its tables. */
const OTHERS = new Set(['connection', 'timer', 'ManualClock timer']);

/**
 * Returns the entries in the tables of the connections of this process, at both ends: calls, functions, streams, their windows and
 * their items. Empty if nothing runs, while the connections are open.
 */
export function tableEntries(): string[] {
  return Array.from(trackResources().open).flatMap(({ kind, detail }) =>
    OTHERS.has(kind) ? [] : [`${kind} (${detail})`],
  );
}
