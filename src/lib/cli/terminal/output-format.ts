import { option } from '@oclif/core/flags';
import type { InferredFlags } from '@oclif/core/interfaces';
import { usageError } from '../runtime/cli-error.js';

export const outputFormats = ['table', 'wide', 'json', 'ndjson', 'yaml', 'name'] as const;

export type OutputFormat = (typeof outputFormats)[number];

/** The flags of every command that prints a result. */
export const outputFlags = {
  output: option({
    char: 'o',
    summary:
      'Output format: table, wide (all columns), json, ndjson, yaml or name. --json is short for -o json.',
    description:
      'By default, lists are tables on a terminal, and one line with tab-separated fields per item in a pipe. ' +
      'name: one identifier per line, for xargs.',
    options: outputFormats,
    helpValue: 'FORMAT',
  })(),
};

/** The values of `outputFlags` and of the global flag `--json`. */
export type OutputFlags = InferredFlags<typeof outputFlags>;

/**
 * Returns the format that the flags set. Undefined means that it depends on whether stdout is a terminal.
 *
 * @throws CliError if they set two formats
 */
export function formatOf({ output: format, json }: OutputFlags): OutputFormat | undefined {
  if (!json) return format;
  if (format === undefined || format === 'json') return 'json';
  throw usageError(`--json and -o ${format} cannot be used together.`, 'Remove one of them.');
}
