import type { Interfaces } from '@oclif/core';
import type { Config } from '@oclif/core/config';
import type { CommandRuntime } from '../runtime/command-runtime.js';

/** The public members of oclif's configuration. */
export type CommandConfig = Pick<Config, keyof Config>;

const BIN = 'kitectl';

/** Returns the output of `--version`. */
export function userAgent(version: string): string {
  const { platform, arch, version: node } = process;
  return `${BIN}/${version} ${platform}-${arch} node-${node}`;
}

/** Prints the version, as `--version` does. */
export function printVersion({ stdout, version }: Pick<CommandRuntime, 'stdout' | 'version'>): void {
  stdout.write(`${userAgent(version)}\n`);
}

/**
 * The oclif configuration of the fast path. It has only the members that a running command uses, without plugins, hooks and the
 * command table, which take longer to load than a call. Other members throw an error.
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
  // With a space, oclif would look up deprecated commands in its command table.
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

  /** Does nothing, because without plugins there are no hooks. */
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
    `The fast path does not support Config.${member}: add it to FastPathConfig, or run the command through oclif.`,
  );
}
