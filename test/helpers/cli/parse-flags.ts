import type { FlagInput, InferredFlags } from '@oclif/core/interfaces';
import { parse } from '@oclif/core/parser';
import { normalizeArgv } from '../../../src/lib/cli/frame/argv.js';
import { BaseCommand } from '../../../src/lib/cli/frame/base-command.js';
import { fromParseError } from '../../../src/lib/cli/frame/parse-errors.js';

/**
 * Parses the flags on a command line like a command that has `flags` and the global flags. Words are separated by a space.
 *
 * @throws CliError if the line is invalid
 */
export async function parseFlags<const Flags extends FlagInput>(
  flags: Flags,
  line: string | readonly string[],
): Promise<InferredFlags<Flags>> {
  const argv = typeof line === 'string' ? line.split(' ').filter((word) => word !== '') : line;
  const all = { ...BaseCommand.baseFlags, ...flags };
  try {
    const parsed = await parse(normalizeArgv(argv, all), { flags: all });
    return parsed.flags as InferredFlags<Flags>;
  } catch (error) {
    throw fromParseError(error, { id: 'do', args: {}, flags: all }) ?? error;
  }
}
