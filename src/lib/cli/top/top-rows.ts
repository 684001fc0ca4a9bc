import { kitePath } from '../../protocol/identity.js';
import type { Column, Listing } from '../terminal/listing.js';
import type { Row } from './kite-probe.js';

const columns: readonly Column<Row>[] = [
  { heading: 'kite', text: ({ kite }) => kite.name },
  { heading: 'version', text: ({ kite }) => kite.version },
  { heading: 'user', text: ({ kite }) => kite.username, wide: true },
  { heading: 'environment', text: ({ kite }) => kite.environment },
  { heading: 'region', text: ({ kite }) => kite.region, wide: true },
  { heading: 'hostname', text: ({ kite }) => kite.hostname },
  { heading: 'latency', text: latencyOf },
  { heading: 'load', text: loadOf },
  { heading: 'memory', text: memoryOf },
  { heading: 'id', text: ({ kite }) => kite.id, wide: true },
  { heading: 'URL', text: ({ url }) => url, wide: true },
];

/** How kites and how they are are printed. */
export const rows: Listing<Row> = { columns, data: (row) => row, name: ({ kite }) => kitePath(kite) };

function latencyOf({ answers, latency }: Row): string {
  if (answers === null) return '…';
  return latency === null ? 'no answer' : `${latency.toFixed(1)} ms`;
}

function loadOf({ load, processors }: Row): string {
  if (load === null) return '';
  return processors === null ? load.toFixed(2) : `${load.toFixed(2)} of ${processors}`;
}

function memoryOf({ memoryUsage, memoryTotal }: Row): string {
  if (memoryUsage === null || memoryTotal === null) return '';
  const gibibytes = (bytes: number): string => (bytes / 1024 ** 3).toFixed(1);
  return `${gibibytes(memoryUsage)} of ${gibibytes(memoryTotal)} GiB`;
}
