import { toJson } from '../json.js';
import { tabbed } from '../rows.js';
import { type Surroundings, write } from '../surroundings.js';
import { installedKites, programOf } from './installed.js';
import { kitesFolder, nameOf, placeFolder, placePath } from './place.js';

/**
 * Prints the installed kites: a table on a terminal, elsewhere `domain/user/repo/version`, one a line; with `json` one
 * array of `{name, domain, user, repo, version, path, program}`.
 */
export async function list({ json }: { readonly json: boolean }, surroundings: Surroundings): Promise<void> {
  const { env, stdout } = surroundings;
  const kites = kitesFolder(env);
  const installed = await installedKites(kites);
  if (json) {
    const all = installed.map((place) => {
      const path = placeFolder(kites, place);
      return { name: nameOf(place), ...place, path, program: programOf(path, place) };
    });
    return write(stdout, `${toJson(all)}\n`);
  }
  if (stdout.isTTY !== true) {
    return write(stdout, installed.map((place) => `${tabbed([placePath(place)])}\n`).join(''));
  }
  if (installed.length === 0) {
    surroundings.stderr.write('No kite is installed. Install one with: kitectl install SOURCE\n');
    return;
  }
  const { formatColumns } = await import('../terminal.js');
  const rows = installed.map((place) => [nameOf(place), place.version, placePath(place)]);
  return write(stdout, formatColumns(['name', 'version', 'kite'], rows, surroundings));
}
