import { kitePath } from '../../protocol/identity.js';
import type { Column, Listing } from '../terminal/listing.js';
import type { TopRow } from './kite-probe.js';

const columns: readonly Column<TopRow>[] = [
  { heading: 'kite', text: ({ kite }) => kite.name },
  { heading: 'version', text: ({ kite }) => kite.version },
  { heading: 'user', text: ({ kite }) => kite.username, wide: true },
  { heading: 'environment', text: ({ kite }) => kite.environment },
  { heading: 'region', text: ({ kite }) => kite.region, wide: true },
  { heading: 'hostname', text: ({ kite }) => kite.hostname },
  { heading: 'latency', text: formatLatency },
  { heading: 'load', text: formatLoad },
  { heading: 'memory', text: formatMemory },
  { heading: 'id', text: ({ kite }) => kite.id, wide: true },
  { heading: 'URL', text: ({ url }) => url, wide: true },
];

/** The output of `top`. */
export const topListing: Listing<TopRow> = {
  columns,
  data: (row) => row,
  name: ({ kite }) => kitePath(kite),
};

function formatLatency({ asked, latency }: TopRow): string {
  if (!asked) return 'not asked';
  return latency === null ? 'no answer' : `${latency.toFixed(1)} ms`;
}

function formatLoad({ load, processors }: TopRow): string {
  if (load === null) return '';
  return processors === null ? load.toFixed(2) : `${load.toFixed(2)} of ${processors}`;
}

function formatMemory({ memoryUsage, memoryTotal }: TopRow): string {
  if (memoryUsage === null || memoryTotal === null) return '';
  const gibibytes = (bytes: number): string => (bytes / 1024 ** 3).toFixed(1);
  return `${gibibytes(memoryUsage)} of ${gibibytes(memoryTotal)} GiB`;
}
