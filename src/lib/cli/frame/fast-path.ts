import { requestsHelp, splitArgv } from './argv.js';
import type { CommandTable } from './base-command.js';
import { FastPathConfig, userAgent } from './fast-path-config.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

/**
 * Runs a command line that is plain to read without what oclif needs to read any: finding plugins, hooks and commands, and
 * loading its own code, take longer than a call.
 *
 * It knows `--version`, and a command of the table that is not asked for its help. Of everything else it says that it does
 * not know it, by resolving with false and doing nothing: that goes through oclif (`through-oclif.ts`), which would do with
 * the rest just the same.
 */
export async function fastPath(
  root: string,
  argv: readonly string[],
  commands: CommandTable,
  runtime: CommandRuntime,
): Promise<boolean> {
  const { id = '', rest } = splitArgv(argv, Object.keys(commands));
  if (id === '--version' || id === '-version') {
    runtime.stdout.write(`${userAgent(runtime.version)}\n`);
    return true;
  }
  if (requestsHelp(rest)) return false;
  const named = Object.hasOwn(commands, id) ? commands[id] : undefined;
  const name = typeof named === 'string' ? named : id;
  const load = typeof named === 'string' ? commands[named] : named;
  if (typeof load !== 'function') return false;
  const Class = await load();
  await Class.start(name, rest, new FastPathConfig(root, runtime));
  return true;
}
