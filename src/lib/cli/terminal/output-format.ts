import { option } from '@oclif/core/flags';
import type { InferredFlags } from '@oclif/core/interfaces';
import { usageError } from '../runtime/cli-error.js';

export const outputFormats = ['table', 'wide', 'json', 'ndjson', 'yaml', 'name'] as const;

export type OutputFormat = (typeof outputFormats)[number];

/** The flag of every command that prints a result. */
export const outputFlags = {
  output: option({
    char: 'o',
    summary:
      'How to print: table, wide (all columns), json, ndjson, yaml or name. --json is short for -o json.',
    description:
      'Without it a person at a terminal gets a table, and a program that reads from a pipe a line for each thing, with ' +
      'tabs between its fields. name: one identifier per line, for xargs.',
    options: outputFormats,
    helpValue: 'FORMAT',
  })(),
};

/** The values of `outputFlags`, and of the switch `--json` that every command has. */
export type OutputFlags = InferredFlags<typeof outputFlags>;

/**
 * The format that the flags say. Undefined: none, so that it depends on who reads.
 *
 * @throws CliError where they say two
 */
export function formatOf({ output: format, json }: OutputFlags): OutputFormat | undefined {
  if (!json) return format;
  if (format === undefined || format === 'json') return 'json';
  throw usageError(`--json and -o ${format} cannot be used together.`, 'Leave one of them out.');
}
