import { requestsHelp, splitArgv } from './argv.js';
import type { CommandTable } from './base-command.js';
import { FastPathConfig, printVersion } from './fast-path-config.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

/**
 * Runs a command line without loading oclif's plugins, hooks and command discovery, which takes longer than a call.
 *
 * Handles `--version` and the commands of the table, except their help. For any other command line, does nothing and resolves with
 * false; the caller then runs it through oclif (`through-oclif.ts`), which handles all command lines.
 */
export async function fastPath(
  root: string,
  argv: readonly string[],
  commands: CommandTable,
  runtime: CommandRuntime,
): Promise<boolean> {
  const { id = '', rest } = splitArgv(argv, Object.keys(commands));
  if (id === '--version' || id === '-version') {
    printVersion(runtime);
    return true;
  }
  if (requestsHelp(rest)) return false;
  const entry = Object.hasOwn(commands, id) ? commands[id] : undefined;
  const name = typeof entry === 'string' ? entry : id;
  const load = typeof entry === 'string' ? commands[entry] : entry;
  if (typeof load !== 'function') return false;
  const Class = await load();
  await Class.start(name, rest, new FastPathConfig(root, runtime));
  return true;
}
