import { fileURLToPath } from 'node:url';
import type { CommandTable } from './lib/cli/frame/base-command.js';
import { loadCommands } from './lib/cli/frame/load-commands.js';

/**
 * The commands of `src/commands`. This loads all of them, which is slow: the build puts a table in its place that is made of
 * the same files, and loads a command when it is used.
 */
export function commandTable(): CommandTable | Promise<CommandTable> {
  return loadCommands(fileURLToPath(new URL('commands', import.meta.url)));
}
