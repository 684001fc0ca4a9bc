import { configurationError } from '../runtime/cli-error.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { printKey } from './show-active-key.js';
import { type CommandRuntime, write } from '../runtime/command-runtime.js';
import { describeLocation } from '../settings/key-location.js';
import { type KeySelection, selectKey } from './remove-key.js';

export interface ShowKeyOptions extends KeySelection {
  /** Print the key itself, which authenticates as its user. */
  readonly secret: boolean;
  readonly format: OutputFormat | undefined;
}

/**
 * Prints the claims of a kite key, or with `secret` the key itself.
 *
 * @throws CliError if the key is not found or cannot be read
 */
export async function showKey(options: ShowKeyOptions, runtime: CommandRuntime): Promise<void> {
  const { key, location, problem } = await selectKey(options);
  if (!key) throw configurationError(problem, 'List the kite keys with: kitectl keys list');
  if (options.secret) return write(runtime.stdout, `${key.jwt}\n`);
  await printKey(key, describeLocation(location), options.format, runtime);
}
