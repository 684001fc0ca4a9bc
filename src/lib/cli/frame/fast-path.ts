import type { Config } from '@oclif/core/config';
import { asksForHelp, splitArgv } from './argv.js';
import type { CommandTable } from './base-command.js';
import type { Surroundings } from '../runtime/command-runtime.js';

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
  surroundings: Surroundings,
): Promise<boolean> {
  const { id = '', rest } = splitArgv(argv, Object.keys(commands));
  if (id === '--version' || id === '-version') {
    surroundings.stdout.write(`${userAgent(surroundings.version)}\n`);
    return true;
  }
  if (asksForHelp(rest)) return false;
  const named = Object.hasOwn(commands, id) ? commands[id] : undefined;
  const name = typeof named === 'string' ? named : id;
  const load = typeof named === 'string' ? commands[named] : named;
  if (typeof load !== 'function') return false;
  const Class = await load();
  await Class.start(name, rest, configuration(root, surroundings));
  return true;
}

/** As much of oclif's configuration as a command that runs asks for. */
function configuration(root: string, surroundings: Surroundings): Config {
  const name = 'kitectl';
  const scopedEnvVarKey = (key: string): string => `KITECTL_${key}`;
  const options = { root, surroundings };
  const config: Partial<Config> = {
    options,
    root,
    name,
    bin: name,
    version: surroundings.version,
    userAgent: userAgent(surroundings.version),
    // What oclif says of commands that are on their way out, it would search for in its table of all commands.
    topicSeparator: ':',
    scopedEnvVarKey,
    scopedEnvVarKeys: (key) => [scopedEnvVarKey(key)],
    // There are no plugins, so that there are no hooks.
    runHook: () => Promise.resolve({ successes: [], failures: [] }),
  };
  return config as Config;
}

function userAgent(version: string): string {
  const { platform, arch, version: node } = process;
  return `kitectl/${version} ${platform}-${arch} node-${node}`;
}
