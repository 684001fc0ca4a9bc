import { systemClock } from '../../util/clock.js';
import { usageError } from '../runtime/cli-error.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { requireConfirmation } from '../terminal/prompt.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { installedKites, listed, matching } from './installed.js';
import { kitesFolder, placePath } from './kite-folder.js';
import { moveOut, withStaging } from './staging.js';

export interface UninstallOptions {
  /** Which kite, see `matching`. */
  readonly name: string;
  /** Remove all that match. */
  readonly all: boolean;
  /** Do not ask. */
  readonly yes: boolean;
  readonly format: OutputFormat | undefined;
}

/**
 * Removes an installed kite, of which every part goes at once.
 *
 * @throws CliError where there is no such kite, where several match and not `all` are meant, or where nobody can be asked
 */
export async function uninstall(options: UninstallOptions, runtime: CommandRuntime): Promise<void> {
  const { name, all, yes, format } = options;
  const kites = kitesFolder(runtime.env);
  const matches = matching(name, await installedKites(kites));
  if (matches.length > 1 && !all) {
    throw usageError(
      `Several kites match ${name}:\n${listed(matches)}`,
      'Name one of them, or remove them all with --all.',
    );
  }
  await requireConfirmation(`Remove ${matches.map(placePath).join(', ')}?`, yes, runtime);
  await withStaging(kites, systemClock, async (staging) => {
    for (const [index, place] of matches.entries()) await moveOut(kites, staging, String(index), place);
  });
  const removed = matches.map(placePath);
  await printDetails(
    {
      fields: removed.map((value) => ({ label: 'removed', value })),
      data: { removed },
      name: removed.join(' '),
      text: removed
        .map(
          (path) => `Removed ${path}.
`,
        )
        .join(''),
    },
    format,
    runtime,
  );
}
