import { systemClock } from '../../util/clock.js';
import { usageError } from '../runtime/cli-error.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { requireConfirmation } from '../terminal/prompt.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { installedKites, formatLocations, findMatching } from './installed-kites.js';
import { kitesFolder, locationPath } from './install-location.js';
import { moveToStaging, withStaging } from './staging.js';

export interface UninstallOptions {
  /** Name of the kite, see `findMatching`. */
  readonly name: string;
  /** Remove all matching kites. */
  readonly all: boolean;
  /** Skip the confirmation. */
  readonly yes: boolean;
  readonly format: OutputFormat | undefined;
}

/**
 * Removes an installed kite in one step, after confirmation.
 *
 * @throws CliError if no kite matches, if several match and `all` is false, or if the removal is not confirmed
 */
export async function uninstall(options: UninstallOptions, runtime: CommandRuntime): Promise<void> {
  const { name, all, yes, format } = options;
  const kites = kitesFolder(runtime.env);
  const matches = findMatching(name, await installedKites(kites));
  if (matches.length > 1 && !all) {
    throw usageError(
      `Several kites match ${name}:\n${formatLocations(matches)}`,
      'Pass one of these names, or remove all of them with --all.',
    );
  }
  await requireConfirmation(`Remove ${matches.map(locationPath).join(', ')}?`, yes, runtime);
  await withStaging(kites, systemClock, async (staging) => {
    for (const [index, location] of matches.entries())
      await moveToStaging(kites, staging, String(index), location);
  });
  const removed = matches.map(locationPath);
  await printDetails(
    {
      fields: removed.map((value) => ({ label: 'removed', value })),
      data: { removed },
      name: removed.join(' '),
      lines: removed.map((path) => `Removed ${path}.`),
    },
    format,
    runtime,
  );
}
