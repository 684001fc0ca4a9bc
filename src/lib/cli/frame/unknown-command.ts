import { type CliError, usageError } from '../runtime/cli-error.js';
import { suggest } from '../runtime/suggest.js';

/** The error for a command that is not there; it suggests the one that was probably meant. */
export function unknownCommand(id: string, known: readonly string[]): CliError {
  if (id.startsWith('-')) {
    return usageError(
      `There is no flag ${id} before a command.`,
      'Flags go behind the command: kitectl COMMAND --flag',
    );
  }
  if (id === 'version') return usageError('There is no command version.', 'Did you mean: kitectl --version');
  const near = suggest(id, [...known, 'help']);
  const hint = near === undefined ? 'See what there is with: kitectl help' : `Did you mean: kitectl ${near}`;
  return usageError(`There is no command ${id}.`, hint);
}
