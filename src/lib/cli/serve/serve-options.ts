import { basename, extname } from 'node:path';
import { NAME } from '../../kite/config/accepted-values.js';
import type { Limits } from '../../kite/limits/kite-limits.js';
import { usageError } from '../runtime/cli-error.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { serveSettings } from '../settings/serve-settings.js';
import type { ResultType } from './command-result.js';
import { instanceAddresses } from './instance-addresses.js';
import { execDefaults, type ServeFlags } from './serve-flags.js';
import type { ServedCommand } from './shell-methods.js';

/** The resolved options of `serve`. */
export interface ServeOptions {
  readonly name: string;
  readonly version: string;
  /** Path of a module whose exported functions become methods. */
  readonly module: string | undefined;
  /** Shell commands by method. */
  readonly commands: ReadonlyMap<string, ServedCommand>;
  /** Maximum number of concurrent commands. */
  readonly parallel: number;
  /** The number of processes to run. Undefined: the kite runs in this process. */
  readonly instances: number | undefined;
  /** Variables with a secret that the commands get. */
  readonly passedSecrets: readonly string[];
  /** Timeout of a command in milliseconds; 0 disables it. */
  readonly timeout: number;
  /** That of a command that streams lines, in milliseconds; 0 disables it. */
  readonly streamTimeout: number;
  readonly port: number;
  readonly ip: string;
  readonly environment: string;
  readonly region: string;
  readonly register: boolean;
  /** The URL to register. Default: that of the address from which Kontrol is reached. */
  readonly advertise: string | undefined;
  /** Contains the URL of Kontrol and the kite key to register with. */
  readonly settings: CommandSettings;
  /** Whether callers must authenticate. */
  readonly auth: boolean;
  readonly systemInfo: boolean;
  readonly allowOrigin: readonly string[] | '*';
  readonly allowedHosts: readonly string[] | '*' | undefined;
  readonly trustedProxies: readonly string[];
  /** How long callers are served after a signal to end, in milliseconds. */
  readonly lameDuck: number;
  readonly limits: Partial<Limits>;
  /** Warnings to log at the start. */
  readonly warnings: readonly string[];
}

/**
 * Returns the options of a command line, and of one of its instances, if it has several.
 *
 * @throws CliError if the value of a flag is invalid, or if flags contradict each other
 */
export function serveOptions(
  module: string | undefined,
  flags: ServeFlags,
  { env, instance }: Pick<CommandRuntime, 'env' | 'instance'>,
): ServeOptions {
  const settings = CommandSettings.fromFlags(serveSettings, flags, env);
  const addresses = instanceAddresses(
    settings.value(commonSettings.port),
    settings.value(serveSettings.advertise),
    flags.instances ?? 1,
  );
  const commands = pairCommands(flags.method ?? [], flags.exec ?? [], flags.result ?? []);
  if (module === undefined && commands.size === 0) {
    throw usageError(
      'Nothing to serve: pass a module or --method.',
      `Pass a module such as ./kite.js, or a command: --name math --method square --exec 'jq ".[0]*.[0]"'`,
    );
  }
  return {
    name: flags.name ?? nameOf(module, flags.method ?? []),
    version: settings.value(commonSettings.version),
    module,
    commands,
    parallel: flags.parallel ?? execDefaults.parallel,
    instances: flags.instances,
    passedSecrets: flags.env ?? [],
    timeout: flags.timeout ?? execDefaults.timeout,
    streamTimeout: flags.timeout ?? 0,
    ...addresses(instance?.number ?? 1),
    ip: settings.value(commonSettings.ip),
    environment: settings.value(commonSettings.environment),
    region: settings.value(commonSettings.region),
    register: flags.register ?? false,
    settings,
    auth: !flags['no-auth'],
    systemInfo: flags['system-info'],
    allowOrigin: settings.value(commonSettings.allowedOrigins),
    allowedHosts: settings.value(commonSettings.allowedHosts),
    trustedProxies: settings.value(commonSettings.trustedProxies),
    lameDuck: settings.value(commonSettings.lameDuck),
    limits: settings.value(serveSettings.limit),
    // The process that starts the instances logs them.
    warnings: instance ? [] : settings.ignoredNotes(commonSettings.port),
  };
}

function pairCommands(
  methods: readonly string[],
  execs: readonly string[],
  results: readonly ResultType[],
): Map<string, ServedCommand> {
  if (methods.length !== execs.length) {
    throw usageError(
      `Each --method needs an --exec: got ${methods.length} --method and ${execs.length} --exec.`,
      'Pass them in pairs: --method square --exec COMMAND --method cube --exec COMMAND',
    );
  }
  if (results.length > 0 && results.length !== execs.length) {
    throw usageError(
      `Each --exec needs a --result if one has it: got ${execs.length} --exec and ${results.length} --result.`,
      'Pass them together: --method now --exec date --result text --method id --exec id --result lines',
    );
  }
  const commands = new Map<string, ServedCommand>();
  methods.forEach((method, index) => {
    const command = execs[index] ?? '';
    if (method === '') throw usageError('The name of --method is empty.');
    if (command.trim() === '') throw usageError(`The command of --method ${method} is empty.`);
    if (commands.has(method)) throw usageError(`Duplicate --method ${method}.`);
    commands.set(method, { command, result: results[index] ?? 'auto' });
  });
  return commands;
}

/** Returns the name of a kite without --name: that of its module, or of its first method. */
function nameOf(module: string | undefined, [method = '']: readonly string[]): string {
  const name = module === undefined ? method : basename(module, extname(module));
  if (NAME.parse(name) === undefined)
    throw usageError(`The kite has no name: "${name}" cannot be the name of a kite.`, 'Pass --name NAME.');
  return name;
}
