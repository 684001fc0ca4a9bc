import type { OutputFormat } from '../terminal/output-format.js';
import { printList } from '../terminal/listing.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { installedKites, programOf } from './installed-kites.js';
import { kitesFolder, nameOf, locationFolder, locationPath } from './install-location.js';

/**
 * Prints the installed kites: a table on a terminal, otherwise one `domain/user/repo/version` per line. In data formats each
 * is `{name, domain, user, repo, version, path, program}`.
 */
export async function listKites(
  { format }: { readonly format: OutputFormat | undefined },
  runtime: CommandRuntime,
): Promise<void> {
  const kites = kitesFolder(runtime.env);
  const installed = await installedKites(kites);
  const rows = installed.map((location) => {
    const path = locationFolder(kites, location);
    return { location, path, program: programOf(path, location) };
  });
  type Row = (typeof rows)[number];
  await printList<Row>(
    rows,
    {
      columns: [
        { heading: 'name', text: ({ location }) => nameOf(location) },
        { heading: 'version', text: ({ location }) => location.version },
        { heading: 'kite', text: ({ location }) => locationPath(location) },
        { heading: 'program', text: ({ program }) => program, wide: true },
      ],
      data: ({ location, path, program }) => ({ name: nameOf(location), ...location, path, program }),
      name: ({ location }) => locationPath(location),
      line: ({ location }) => [locationPath(location)],
      emptyMessage: 'No kites are installed. Install one with: kitectl install SOURCE',
    },
    format,
    runtime,
  );
}
