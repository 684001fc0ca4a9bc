import { string } from '@oclif/core/flags';
import { usageError } from '../runtime/cli-error.js';

export const outputFormats = ['table', 'wide', 'json', 'ndjson', 'yaml', 'name'] as const;

export type OutputFormat = (typeof outputFormats)[number];

/** The flag of every command that prints a result. */
export const outputFlags = {
  output: string({
    char: 'o',
    summary:
      'How to print: table, wide (all columns), json, ndjson, yaml or name. --json is short for -o json.',
    description:
      'Without it a person at a terminal gets a table, and a program that reads from a pipe a line for each thing, with ' +
      'tabs between its fields. name: one identifier per line, for xargs.',
    options: [...outputFormats],
    helpValue: 'FORMAT',
  }),
};

/** What oclif makes of `outputFlags`, and of the switch that every command has. */
export interface ParsedOutputFlags {
  readonly output?: string | undefined;
  readonly json: boolean;
}

/**
 * The format that the flags say. Undefined: none, so that it depends on who reads.
 *
 * @throws CliError where they say two
 */
export function formatOf({ output, json }: ParsedOutputFlags): OutputFormat | undefined {
  const format = outputFormats.find((name) => name === output);
  if (!json) return format;
  if (format === undefined || format === 'json') return 'json';
  throw usageError(`--json and -o ${format} do not go together.`, 'Leave one of them out.');
}
