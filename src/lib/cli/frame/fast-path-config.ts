import type { Interfaces } from '@oclif/core';
import type { Config } from '@oclif/core/config';
import type { CommandRuntime } from '../runtime/command-runtime.js';

/** All that oclif declares of the configuration that a command gets. */
export type CommandConfig = Pick<Config, keyof Config>;

const BIN = 'kitectl';

/** What `--version` prints. */
export function userAgent(version: string): string {
  const { platform, arch, version: node } = process;
  return `${BIN}/${version} ${platform}-${arch} node-${node}`;
}

/**
 * oclif's configuration on the fast path: what a command that runs asks for, without plugins, hooks and the table of
 * commands, which take longer to load than a call. Everything else throws an error that names it.
 */
export class FastPathConfig implements CommandConfig {
  readonly options: Config['options'] & { readonly runtime: CommandRuntime };
  readonly root: string;
  readonly version: string;
  readonly name = BIN;
  readonly bin = BIN;
  readonly dirname = BIN;
  readonly channel = 'stable';
  readonly valid = true;
  readonly flexibleTaxonomy = false;
  readonly isSingleCommandCLI = false;
  readonly plugins = new Map<string, Interfaces.Plugin>();
  // With a space, oclif would look up the name of a deprecated command in its table of all commands.
  readonly topicSeparator = ':';

  constructor(root: string, runtime: CommandRuntime) {
    this.options = { root, runtime };
    this.root = root;
    this.version = runtime.version;
  }

  get userAgent(): string {
    return userAgent(this.version);
  }

  get arch(): Config['arch'] {
    return process.arch as Config['arch'];
  }

  get platform(): Config['platform'] {
    return process.platform;
  }

  get windows(): boolean {
    return process.platform === 'win32';
  }

  getPluginsList(): Interfaces.Plugin[] {
    return [];
  }

  /** There are no plugins, so that there are no hooks. */
  runHook<Event extends keyof Interfaces.Hooks>(): Promise<
    Interfaces.Hook.Result<Interfaces.Hooks[Event]['return']>
  > {
    return Promise.resolve({ successes: [], failures: [] });
  }

  scopedEnvVarKey(key: string): string {
    return `${BIN}_${key}`.toUpperCase();
  }

  scopedEnvVarKeys(key: string): string[] {
    return [this.scopedEnvVarKey(key)];
  }

  scopedEnvVar(key: string): string | undefined {
    return this.options.runtime.env[this.scopedEnvVarKey(key)];
  }

  scopedEnvVarTrue(key: string): boolean {
    const value = this.scopedEnvVar(key);
    return value === '1' || value === 'true';
  }

  get cacheDir(): never {
    return unsupported('cacheDir');
  }

  get configDir(): never {
    return unsupported('configDir');
  }

  get dataDir(): never {
    return unsupported('dataDir');
  }

  get home(): never {
    return unsupported('home');
  }

  get shell(): never {
    return unsupported('shell');
  }

  get pjson(): never {
    return unsupported('pjson');
  }

  get updateConfig(): never {
    return unsupported('updateConfig');
  }

  get versionDetails(): never {
    return unsupported('versionDetails');
  }

  get commandIDs(): never {
    return unsupported('commandIDs');
  }

  get commands(): never {
    return unsupported('commands');
  }

  get topics(): never {
    return unsupported('topics');
  }

  findCommand(): never {
    return unsupported('findCommand');
  }

  findMatches(): never {
    return unsupported('findMatches');
  }

  findTopic(): never {
    return unsupported('findTopic');
  }

  getAllCommandIDs(): never {
    return unsupported('getAllCommandIDs');
  }

  getAllCommands(): never {
    return unsupported('getAllCommands');
  }

  load(): never {
    return unsupported('load');
  }

  loadPluginsAndCommands(): never {
    return unsupported('loadPluginsAndCommands');
  }

  loadTheme(): never {
    return unsupported('loadTheme');
  }

  runCommand(): never {
    return unsupported('runCommand');
  }

  s3Key(): never {
    return unsupported('s3Key');
  }

  s3Url(): never {
    return unsupported('s3Url');
  }
}

function unsupported(member: string): never {
  throw new Error(
    `The fast path has no Config.${member}: give it to FastPathConfig, or let the command line go through oclif.`,
  );
}
