import { configurationError } from '../runtime/cli-error.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { printKey } from './showkey.js';
import { type CommandRuntime, write } from '../runtime/command-runtime.js';
import { describeLocation } from '../settings/key-location.js';
import { type NamedKey, findNamedKey } from './remove-key.js';

export interface ShowKeyOptions extends NamedKey {
  /** Print the key itself, for a program: whoever has it is this person. */
  readonly secret: boolean;
  readonly format: OutputFormat | undefined;
}

/** Prints what a kite key says, or the key itself. */
export async function showKey(options: ShowKeyOptions, runtime: CommandRuntime): Promise<void> {
  const { key, location, problem } = await findNamedKey(options);
  if (!key) throw configurationError(problem, 'See what there is with: kitectl keys list');
  if (options.secret) return write(runtime.stdout, `${key.jwt}\n`);
  await printKey(key, describeLocation(location), options.format, runtime);
}
