import type { OutputFormat } from '../terminal/output-format.js';
import { printList } from '../terminal/listing.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { installedKites, programOf } from './installed.js';
import { kitesFolder, nameOf, placeFolder, placePath } from './kite-folder.js';

/**
 * Prints the installed kites: a table on a terminal, elsewhere `domain/user/repo/version`, one a line; as data
 * `{name, domain, user, repo, version, path, program}`.
 */
export async function list(
  { format }: { readonly format: OutputFormat | undefined },
  runtime: CommandRuntime,
): Promise<void> {
  const kites = kitesFolder(runtime.env);
  const installed = await installedKites(kites);
  const rows = installed.map((place) => {
    const path = placeFolder(kites, place);
    return { place, path, program: programOf(path, place) };
  });
  type Row = (typeof rows)[number];
  await printList<Row>(
    rows,
    {
      columns: [
        { heading: 'name', text: ({ place }) => nameOf(place) },
        { heading: 'version', text: ({ place }) => place.version },
        { heading: 'kite', text: ({ place }) => placePath(place) },
        { heading: 'program', text: ({ program }) => program, wide: true },
      ],
      data: ({ place, path, program }) => ({ name: nameOf(place), ...place, path, program }),
      name: ({ place }) => placePath(place),
      line: ({ place }) => placePath(place),
      emptyMessage: 'No kite is installed. Install one with: kitectl install SOURCE',
    },
    format,
    runtime,
  );
}
