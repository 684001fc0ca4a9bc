import { type CliError, usageError } from '../runtime/cli-error.js';
import { suggest } from '../runtime/suggest.js';

/** Returns the error for an unknown command, with the most similar command as a hint. */
export function unknownCommand(id: string, candidates: readonly string[]): CliError {
  if (id.startsWith('-')) {
    return usageError(
      `Unknown global flag: ${id}`,
      'Put flags of a command after it: kitectl COMMAND --flag',
    );
  }
  if (id === 'version') return usageError('Unknown command: version', 'Did you mean: kitectl --version');
  const near = similarCommand(id, [...candidates, 'help']);
  const hint = near === undefined ? 'List the commands with: kitectl help' : `Did you mean: kitectl ${near}`;
  return usageError(`Unknown command: ${id}`, hint);
}

/** Compares only the last word with the commands of the group, such as `foo` of `kontrol foo`. */
function similarCommand(id: string, candidates: readonly string[]): string | undefined {
  const group = id.slice(0, id.lastIndexOf(' ') + 1);
  const inGroup = candidates.filter((name) => name.startsWith(group));
  const near = suggest(
    id.slice(group.length),
    inGroup.map((name) => name.slice(group.length)),
  );
  return near === undefined ? undefined : group + near;
}
